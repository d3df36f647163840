"""Real novas that no package manager owns: installed, used through a real conductor, and given back byte for byte."""

from __future__ import annotations

import difflib
import uuid

import pytest

from tests.hosts.lib import deployed, icehouse, unpackaged
from tests.hosts.lib.services import wait_for_conductor

NOVAS = [*unpackaged.ICEHOUSE, unpackaged.PIP[0], deployed.DEVSTACK, deployed.ANSIBLE]


@pytest.fixture(params=NOVAS, ids=lambda nova: nova.layer)
def nova(request):
    if request.param in unpackaged.ICEHOUSE and not icehouse.at_hand(request.param.version):
        pytest.skip(f'SKIPPED: no package index has nova {request.param.version}, and its tarball is not here')
    return request.param


def start_conductor(host, nova):
    """nova-conductor as the user nova; it must not leave bytecode, or the trees could not be compared."""
    host.start_rabbit()
    line = f"PYTHONDONTWRITEBYTECODE=1 exec '{nova.programs}/nova-conductor' --logfile /var/log/nova/conductor.log"
    running = host.spawn(f'exec setpriv --reuid nova --regid nova --clear-groups sh -c "{line}"')
    wait_for_conductor(host)
    return running


def test_install_upgrade_use_uninstall(make_host, nova, tmp_path):
    host = make_host(nova.suite, nova.layer)
    host.put(deployed.older(unpackaged.bundle(nova.version), tmp_path / 'older'), '/srv/older')
    host.put(unpackaged.bundle(nova.version), '/srv/the bundle')
    host.start_mariadb()
    before = unpackaged.fingerprint(host, f'{nova.parent}/nova', nova.programs)

    for bundle in ('/srv/older', '/srv/the bundle'):
        done = host.run(f"PATH='{nova.programs}':$PATH sh '{bundle}/installation/install.sh'")
        assert f'installed: nova-cascading for nova {nova.version}' in done.out
        assert not unpackaged.fingerprint(host, f'{nova.parent}/nova') <= before
    assert not host.exists(f'{nova.parent}/nova/cascading/old')
    assert 'mapping_uuid' in columns(host, 'instances') and 'mapping_uuid' in columns(host, 'shadow_instances')

    start_conductor(host, nova)
    mapping = str(uuid.uuid4())
    program = (unpackaged.INSIDE / 'mapped.py').read_text()
    said = host.run(f"PYTHONDONTWRITEBYTECODE=1 '{nova.python}' - {mapping}", input=program)
    assert said.out.strip().splitlines()[-1] == mapping
    assert host.sql('SELECT mapping_uuid FROM instances WHERE mapping_uuid IS NOT NULL') == [(mapping,)]

    done = host.run("sh /var/lib/nova-cascading/installer/*/installation/uninstall.sh")
    assert 'every file is what it was before' in done.out
    assert unpackaged.fingerprint(host, f'{nova.parent}/nova', nova.programs) == before
    assert host.sql('SELECT mapping_uuid FROM instances WHERE mapping_uuid IS NOT NULL') == [(mapping,)]


def test_the_column_goes_on_request_after_its_mappings_were_exported(make_host):
    nova = deployed.DEVSTACK
    host = make_host(nova.suite, nova.layer)
    host.put(unpackaged.bundle(nova.version), '/srv/bundle')
    host.start_mariadb()
    host.run(f"PATH='{nova.programs}':$PATH sh /srv/bundle/installation/install.sh")
    instance, mapping = str(uuid.uuid4()), str(uuid.uuid4())
    host.sql(f"INSERT INTO instances (uuid, mapping_uuid, deleted) VALUES ('{instance}', '{mapping}', 0)")

    command = 'sh /var/lib/nova-cascading/installer/*/installation/uninstall.sh --drop-column'
    refused_without_its_python(host, nova, command)
    host.run(command)
    assert 'mapping_uuid' not in columns(host, 'instances') + columns(host, 'shadow_instances')
    assert host.sql(f"SELECT uuid FROM instances WHERE uuid = '{instance}'") == [(instance,)]
    exported = host.run('stat -c %a /var/lib/nova-cascading/mappings-nova-*.csv.gz; '
                        'zcat /var/lib/nova-cascading/mappings-nova-*.csv.gz').out
    assert exported.startswith('600\n') and f'{instance},{mapping}' in exported


def refused_without_its_python(host, nova, command):
    """As after a distribution upgrade; the system's own Python is there, but lacks what nova needs."""
    before = unpackaged.fingerprint(host, f'{nova.parent}/nova')
    host.run(f'cd {nova.programs} && mkdir kept && mv python* kept')
    for words, reason in (('', 'No such file'), ('--python /usr/bin/python3', 'No module named')):
        done = host.run(f'{command} {words}', check=False)
        assert done.status == 1 and reason in done.out + done.err and 'without --drop-column' in done.err, done
    host.run(f'cd {nova.programs} && mv kept/* . && rmdir kept')
    assert unpackaged.fingerprint(host, f'{nova.parent}/nova') == before


def columns(host, table):
    return [row[0] for row in host.sql(f'SHOW COLUMNS FROM {table}')]


def test_on_2014_1_5_no_fix_that_came_after_2014_1_is_taken_back():
    """What the original did to eight of them: its whole files were 2014.1's."""
    for version in ('2014.1', '2014.1.5'):
        if not icehouse.at_hand(version):
            pytest.skip(f'SKIPPED: the tarball of nova {version} is not on this machine')
    old, new = (unpackaged.bundle(version) for version in ('2014.1', '2014.1.5'))
    for path in ('nova/network/neutronv2/api.py', 'nova/conductor/manager.py'):
        fixes = added(old / 'original' / path, new / 'original' / path)
        assert fixes
        assert added(old / path, new / path) == fixes


def added(before, after):
    """The lines that a later release of a file has more, in order."""
    lines = difflib.ndiff(before.read_text().splitlines(), after.read_text().splitlines())
    return [line for line in lines if line.startswith('+ ')]
