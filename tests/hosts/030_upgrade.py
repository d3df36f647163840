"""A newer fork of the same nova takes over from the older; the mappings stay, and a refusal leaves the older one."""

from __future__ import annotations

import re

import pytest

from tests.hosts.lib import debs, packages
from tests.hosts.lib.host import Host

INSTANCE = '11111111-1111-4111-8111-111111111111'
MAPPING = '22222222-2222-4222-8222-222222222222'
SYNC = 'nova-cascading db sync'
MODULES = '/usr/lib/python3/dist-packages/nova/cascading'
MOVED = ('mapping.py', 'db.py', 'dialects/__init__.py', 'dialects/mysql.py')


@pytest.fixture(scope='module', params=debs.SUITES)
def older(request, module_host, fork_of) -> tuple[str, list]:
    """The suite and the disk of a host with the first revision and a mapping, whose apt knows the second one too."""
    suite = request.param
    host: Host = module_host(suite, 'stack')
    debs.leave_uncompiled(host)
    host.start_mariadb()
    debs.offer_fork(host, fork_of(suite, 1, *debs.DEB))
    host.run('apt-get install -y python-nova-cascading')
    host.sql(f"INSERT INTO instances (uuid, deleted, mapping_uuid) VALUES ('{INSTANCE}', 0, '{MAPPING}')")
    newer = packages.library(fork_of(suite, 2, *debs.DEB))
    host.offer([*packages.stock_debs(suite).values(), packages.library(fork_of(suite, 1, *debs.DEB)), newer])
    host.run('mysqladmin shutdown')
    return suite, host.freeze()


def revision(host: Host) -> str:
    return debs.installed(host)[debs.FORK].rpartition('+cascading')[2]


def mapping(host: Host) -> list:
    return host.sql(f"SELECT mapping_uuid FROM instances WHERE uuid = '{INSTANCE}'")


def test_an_upgrade_takes_the_next_revision_and_keeps_the_mappings(make_host, older):
    host = make_host(*older)
    host.start_mariadb()
    before = debs.installed(host)
    host.serve('/srv/apt')
    assert [debs.planned(host, command) for command in ('apt-get upgrade', 'apt-get dist-upgrade')] == [{debs.FORK}] * 2
    host.run('apt upgrade -y')
    after = debs.installed(host)
    assert {name for name in after if after[name] != before.get(name)} == {debs.FORK}
    assert revision(host) == '2'
    assert mapping(host) == [(MAPPING,)]


@debs.on_bookworm('older')
def test_modules_that_have_moved_leave_neither_files_nor_byte_code(make_host, older, fork_of, tmp_path):
    """A version between the two has modules where the newer one has none, or folders of their names."""
    suite, _ = older
    newer = packages.library(fork_of(suite, 2, *debs.DEB))
    between = packages.rewritten(newer, tmp_path / 'between.deb', '+cascading2', '+cascading1.1', with_other_modules)
    host = make_host(*older)
    host.start_mariadb()
    host.put(between, '/root/between.deb')
    host.run(f'apt-get install -y /root/between.deb && python3 -m compileall -q {MODULES}')
    assert orphans(host) == set()
    assert list(host.path(f'{MODULES}/__pycache__').glob('mapping.*.pyc'))
    host.serve('/srv/apt')
    done = host.run('apt-get upgrade -y')
    assert revision(host) == '2' and 'directory' not in done.err
    assert orphans(host) == set() and not host.exists(f'{MODULES}/dialects')
    assert host.run('nova-cascading mapping list -f value').out.split()[:2] == [INSTANCE, MAPPING]


def orphans(host):
    """What lies among the fork's modules, and is neither the package's nor the byte code of a module of it."""
    owned = set(host.run(f'dpkg -L {debs.FORK}').out.split())
    found = set(host.run(f'find {MODULES}').out.split()) - owned
    return {path for path in found if re.sub(r'/__pycache__(/(\w+)\.cpython-\d+\.pyc)?$',
                                             lambda code: f'/{code[2]}.py' if code[1] else '', path) not in owned}


def with_other_modules(tree):
    for name in MOVED:
        path = tree / MODULES[1:] / name
        path.parent.mkdir(exist_ok=True)
        path.write_text('raise ImportError("a module of an earlier version")\n')


@debs.on_bookworm('older')
def test_an_older_revision_and_a_reinstallation_change_nothing_in_the_database(make_host, older):
    host = make_host(*older)
    host.start_mariadb()
    host.serve('/srv/apt')
    host.run('apt-get upgrade -y')
    schema = host.sql('SHOW CREATE TABLE instances')
    host.run('apt-get install -y --reinstall python3-nova-cascading')
    older_version = next(line.split()[2] for line in host.run(f'apt-cache madison {debs.FORK}').out.splitlines()
                         if line.split()[2].endswith('+cascading1'))
    host.run(f'apt-get install -y --allow-downgrades {debs.FORK}={older_version}')
    assert revision(host) == '1'
    assert host.sql('SHOW CREATE TABLE instances') == schema
    assert mapping(host) == [(MAPPING,)]


@debs.on_bookworm('older')
def test_an_upgrade_while_the_database_is_away_goes_on_and_is_made_up_for(make_host, older):
    host = make_host(*older)
    host.serve('/srv/apt')
    done = host.run('apt-get upgrade -y')
    assert "nova's database cannot be asked or changed now" in done.err
    assert 'Next, when that has changed: nova-cascading db sync && nova-cascading services restart-running' in done.err
    assert revision(host) == '2'
    assert host.run('dpkg --audit').out == ''
    host.start_mariadb()
    host.run('nova-cascading db sync && nova-cascading services restart-running')
    assert mapping(host) == [(MAPPING,)]
