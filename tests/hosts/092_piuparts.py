"""The package leaves nothing behind: piuparts installs, upgrades and purges it, and compares the system with before."""

from __future__ import annotations

import pytest

from tests.hosts.lib import debs, kinds, packages
from tests.hosts.lib.host import Host
from tests.hosts.lib.layers import register

register('piuparts', base='base', script=kinds.script('piuparts'))


@pytest.fixture(params=['bookworm'])  # on the others, 040 looks for what a purge leaves behind
def host(request, make_host) -> Host:
    return make_host(request.param, 'piuparts')


def piuparts(host: Host, options: str) -> str:
    """Run piuparts on the packages in /root; what it said."""
    done = host.run(f'piuparts -d {host.suite} -e /srv/base --keep-sources-list --no-eatmydata --skip-minimize '
                    f'--do-not-verify-signatures {options} /root/*.deb 2>&1', check=False)
    assert done.status == 0, done.out[-6000:]
    return done.out


@pytest.mark.everywhere  # the next one installs, upgrades and purges, too
def test_install_upgrade_and_purge_leave_nothing_behind(host, fork_of):
    debs.offer_fork(host, fork_of(host.suite, 1, *debs.DEB))
    host.put(packages.library(fork_of(host.suite, 2, *debs.DEB)), '/root/newer.deb')
    said = piuparts(host, '')
    assert 'PASS: Installation and purging test.' in said
    assert 'PASS: Installation, upgrade and purging tests.' in said


def test_it_takes_over_from_stock_and_leaves_nothing_behind(host, fork_of):
    host.offer([packages.stock_debs(host.suite)[debs.STOCK]])
    host.put(packages.library(fork_of(host.suite, 1, *debs.DEB)), '/root/fork.deb')
    said = piuparts(host, f'--no-install-purge-test --extra-old-packages {debs.STOCK}')
    assert 'PASS: Installation, upgrade and purging tests.' in said
