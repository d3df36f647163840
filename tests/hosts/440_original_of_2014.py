"""A real Icehouse changed by the 2014 original, database included: cleaned up on request, no mapping lost."""

from __future__ import annotations

import uuid

import pytest

from tests.hosts.lib import icehouse, unpackaged

NOVA = next(nova for nova in unpackaged.ICEHOUSE if nova.version == '2014.1.2')
VERSIONS = f'{NOVA.parent}/nova/db/sqlalchemy/migrate_repo/versions'
STRAY = f'{VERSIONS}/234_add_mapping_uuid_column_to_instance.py'
# As the original's: the column in `instances` alone, under a number that upstream uses for something else.
MIGRATION = '''from sqlalchemy import Column, MetaData, String, Table


def upgrade(migrate_engine):
    meta = MetaData(bind=migrate_engine)
    Table('instances', meta, autoload=True).create_column(Column('mapping_uuid', String(36)))


def downgrade(migrate_engine):
    pass
'''
SYNC = 'PYTHONDONTWRITEBYTECODE=1 nova-manage db sync'
CHANGED = ('nova/conductor/manager.py', 'nova/db/sqlalchemy/models.py', 'nova/objects/instance.py',
           'nova/network/neutronv2/api.py')


@pytest.fixture
def changed_in_2014(make_host):
    """Whole files of 2014.1 with the field in them over those of 2014.1.2, as `cp -r` put them there."""
    for version in ('2014.1', NOVA.version):
        if not icehouse.at_hand(version):
            pytest.skip(f'SKIPPED: the tarball of nova {version} is not on this machine')
    host = make_host(NOVA.suite, NOVA.layer)
    host.put(unpackaged.bundle(NOVA.version), '/srv/bundle')
    host.start_mariadb()
    host.stock = unpackaged.fingerprint(host, f'{NOVA.parent}/nova')
    for path in CHANGED:
        content = (unpackaged.bundle('2014.1') / path).read_text() + '\n# mapping_uuid of 2014\n'
        host.write(f'{NOVA.parent}/{path}', content)
    host.write(STRAY, MIGRATION)
    host.run(SYNC)
    host.mapping = str(uuid.uuid4())
    host.sql(f"INSERT INTO instances (uuid, mapping_uuid, deleted) VALUES (UUID(), '{host.mapping}', 0)")
    return host


def versions(host):
    return dict(host.sql('SELECT repository_id, version FROM migrate_version'))


def test_refused_unasked_then_cleaned_up_and_adopted(changed_in_2014):
    host = changed_in_2014
    before = unpackaged.fingerprint(host, NOVA.parent)
    assert str(versions(host)['nova']) == '234'
    done = host.run('sh /srv/bundle/installation/install.sh', check=False)
    assert (done.status, '--adopt-2014' in done.err) == (1, True)
    assert all(path in done.err for path in CHANGED) and '234_add_mapping_uuid' in done.err
    assert unpackaged.fingerprint(host, NOVA.parent) == before

    host.run('sh /srv/bundle/installation/install.sh --adopt-2014')
    assert not host.exists(STRAY)
    assert str(versions(host)['nova']) == '233'
    assert host.sql("SHOW COLUMNS FROM shadow_instances LIKE 'mapping_uuid'")
    assert host.sql('SELECT mapping_uuid FROM instances') == [(host.mapping,)]
    host.run(SYNC)

    host.run('sh /var/lib/nova-cascading/installer/*/installation/uninstall.sh')
    now = without_times(unpackaged.fingerprint(host, f'{NOVA.parent}/nova'))
    assert now == without_times(host.stock)
    host.run(SYNC)
    assert host.sql('SELECT mapping_uuid FROM instances') == [(host.mapping,)]


def without_times(prints):
    """The 2014 patch lost the times of what it wrote over, and the bytecode was made from its files."""
    lines = [line for line in prints if not line.split(' ')[-1].endswith('.pyc') and '.pyc ' not in line]
    return {' '.join(word for word in line.split(' ') if '.' not in word or '/' in word) for line in lines}
