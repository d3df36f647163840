"""What a refusal names as the next command works in that very state."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from builder.common.project import PROJECT
from tests.hosts.lib import debs, packages
from tests.hosts.lib.host import Host

SUITE = 'bookworm'  # the words are ours, and the same everywhere
INSTALL = f'apt-get install -y {debs.FORK}'


@pytest.fixture(scope='module')
def fork(fork_of) -> Path:
    return packages.library(fork_of(SUITE, 1, *debs.DEB))


@pytest.fixture(scope='module')
def guess(fork, tmp_path_factory) -> Path:
    """A fork of a later nova than any service package on offer, as a build from a release may be."""
    version = packages.field(packages.stock_debs(SUITE)[debs.STOCK], 'Version')
    return packages.rewritten(fork, tmp_path_factory.mktemp('guess') / 'guess.deb', version, f'{version}.9')


@pytest.fixture(scope='module')
def disks(module_host, fork) -> dict[str, list]:
    """A stock controller whose apt has the hook, and one with the fork."""
    made = {}
    for name in ('stock', 'forked'):
        host = module_host(SUITE, 'stack')
        debs.leave_uncompiled(host)
        host.run('crudini --set /etc/nova/nova.conf cascading auto_migrate false')
        debs.offer_fork(host, fork.parent)
        if name == 'forked':
            host.run(INSTALL)
        else:
            host.write('/usr/share/nova-cascading/apt-preflight', (PROJECT / 'debian/apt-guard').read_text(), 0o755)
            host.put(PROJECT / 'builder/repository/templates/apt.conf', '/etc/apt/apt.conf.d/50nova-cascading')
        made[name] = host.freeze()
    return made


@pytest.fixture
def forked(make_host, disks) -> Host:
    host = make_host(SUITE, disks['forked'])
    host.serve('/srv/apt')
    return host


def refused(host: Host, line: str) -> str:
    """What a command says that changes nothing, and fails."""
    before = debs.installed(host)
    done = host.run(line, check=False)
    assert done.status != 0 and debs.installed(host) == before
    return done.out + done.err


def printed(said: str, pattern: str) -> str:
    found = re.search(pattern, said)
    assert found, said
    return found.group()


def test_the_stock_library_may_come_from_a_file_of_any_name_and_place(forked):
    forked.run("mkdir 'a folder'")
    forked.put(packages.stock_debs(SUITE)[debs.STOCK], '/root/a folder/any.deb')
    forked.run("apt-get install -y './a folder/any.deb'")
    assert debs.nova(forked).keys() == packages.stock_debs(SUITE).keys()


def test_a_fork_of_another_version_is_refused_and_the_right_one_is_found(make_host, disks, fork, guess):
    """A publish of a guess, as README's own commands once made it, must cost no host its services."""
    host = make_host(SUITE, disks['stock'])
    host.put(guess, '/root/guess.deb')
    said = refused(host, 'dpkg-deb --info guess.deb preinst | sh -s ask ./guess.deb')
    assert 'apt would remove nova-api' in said
    host.offer([*packages.stock_debs(SUITE).values(), fork, guess])
    host.run(printed(said, r'apt-get download python3-nova'))
    stock = host.run(f'dpkg-deb -f {debs.STOCK}_*.deb Version').out.strip()
    before = debs.nova(host)
    said = refused(host, INSTALL)
    assert f'of this host are of version {stock}' in said
    listed = host.run(printed(said, 'apt-cache madison [a-z0-9-]+')).out
    right = next(row.split()[2] for row in listed.splitlines() if f' {stock}+cascading' in row)
    host.run(printed(said, 'apt-get install [a-z0-9-]+=').replace('install', 'install -y') + right)
    assert set(debs.nova(host)) == {*before, debs.FORK} - {debs.STOCK}


def test_the_fork_alone_is_not_removed_and_all_of_nova_is_when_it_is_named(forked):
    said = refused(forked, f'apt-get purge -y {debs.FORK}')
    assert 'apt-get install -y python3-nova=' in forked.run(printed(said, 'nova-cascading uninstall')).out
    forked.run(printed(said, 'apt-get remove .*').replace('remove', 'remove -y'))
    assert debs.nova(forked) == {}
    assert forked.exists('/etc/nova/nova.conf')


def test_what_is_held_is_named_with_the_line_that_frees_it(forked):
    forked.run(f'apt-mark hold {debs.FORK}')
    said = refused(forked, 'nova-cascading uninstall --yes')
    assert 'apt-get install -y python3-nova=' in forked.run(printed(said, 'apt-mark unhold .*')).out
    forked.run('nova-cascading uninstall --yes')
    assert debs.STOCK in debs.installed(forked)


def test_without_stock_on_offer_a_file_of_it_is_enough(forked, fork):
    forked.offer([fork])
    said = refused(forked, 'nova-cascading uninstall --yes')
    stock = packages.stock_debs(SUITE)[debs.STOCK]
    assert f'apt offers no {debs.STOCK} {packages.field(stock, "Version")} on this host' in said
    forked.put(stock, f'/root/{stock.name}')
    forked.run(printed(said, r'nova-cascading uninstall --yes --from \.'))
    assert debs.STOCK in debs.installed(forked)
