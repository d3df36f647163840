"""A database of Icehouse goes through nova's own migrations of a decade, fork after fork, and keeps its mappings."""

import uuid

from tests.hosts.lib import debs, unpackaged

SCHEMA = unpackaged.DATA / 'icehouse-schema-2014.1.5-v234.mariadb.sql'
INSTANCE, SERVER = str(uuid.uuid4()), str(uuid.uuid4())
ADD = ('INSERT INTO instances (uuid, mapping_uuid, host, vm_state, display_name, created_at, deleted) '
       f"VALUES ('{INSTANCE}', '{SERVER}', 'proxy-1', 'active', 'of 2014', '2014-04-17', 0)")
OCATA = next(nova for nova in unpackaged.PIP if nova.version == '15.1.5')


def receive(host, dump):
    """The host's own database of instances gives way to what the nova before left."""
    host.start_mariadb()
    host.put(dump, '/root/before.sql')
    host.run('mysql -e "DROP DATABASE nova; CREATE DATABASE nova CHARACTER SET utf8"; mysql nova < /root/before.sql')
    if host.suite == 'trixie':  # MariaDB 11.5 and later sort new tables otherwise; keys between them and old ones fail
        host.sql("SET GLOBAL character_set_collations = ''")


def migrate(host, programs):
    """nova's own migrations, and what the operator looks at next."""
    path = {'PATH': f'{programs}:/usr/sbin:/usr/bin:/sbin:/bin'}
    before = host.run('mysqldump --no-data nova').out
    synced = host.run('setpriv --reuid nova --regid nova --init-groups nova-manage db sync', env=path)
    assert 'rror' not in synced.out + synced.err
    assert host.run('mysqldump --no-data nova').out != before
    assert 'database main (nova on 127.0.0.1): in place' in host.run('nova-cascading db check', env=path).out
    assert host.run(f'nova-cascading mapping find {SERVER} -f value', env=path).out.split()[0] == INSTANCE


def test_each_nova_brings_the_database_to_its_own_state_and_the_mappings_stay(make_host, fork_of, tmp_path):
    dump = tmp_path / 'nova.sql'
    dump.write_text(SCHEMA.read_text())
    host = make_host('bullseye', OCATA.layer)
    receive(host, dump)
    host.put(unpackaged.bundle(OCATA.version), '/srv/bundle')
    host.run(f"PATH='{OCATA.programs}':$PATH sh /srv/bundle/installation/install.sh")
    host.sql(ADD)
    migrate(host, OCATA.programs)
    for suite in ('bullseye', 'bookworm', 'trixie'):  # nova 22, 26 and 31
        dump.write_text(host.run('mysqldump nova').out)
        host = make_host(suite, 'stack')
        receive(host, dump)
        debs.offer_fork(host, fork_of(suite, 1, *debs.DEB))
        host.run('apt-get install -y python-nova-cascading')
        migrate(host, '/usr/bin')
