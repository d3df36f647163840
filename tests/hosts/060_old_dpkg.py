"""Before dpkg 1.17.11 versioned Provides mean nothing: there the companion set keeps the services installed."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

from builder.common.project import PROJECT
from tests.hosts.lib import debs, packages

SERVICES = {'nova-api', 'nova-common', 'nova-conductor', 'nova-scheduler'}


@pytest.fixture(scope='module', params=debs.SUITES)
def suite(request) -> str:
    """Which Debian's nova and apt."""
    return request.param


@pytest.fixture(scope='module')
def companions(suite, fork_of) -> dict[str, Path]:
    """Package name -> file of what `build.sh --companions` makes of the stock set."""
    stock = packages.stock_debs(suite)
    made = fork_of(suite, 1, *debs.DEB, '--companions', str(stock['nova-api'].parent))
    return {path.name.split('_')[0]: path for path in made.glob('*.deb') if path.name.split('_')[0] in SERVICES}


@pytest.fixture(scope='module')
def unversioned(suite, fork_of, tmp_path_factory) -> Path:
    """The fork as such a dpkg sees it: providing the stock package's name, but no version of it."""
    deb = packages.library(fork_of(suite, 1, *debs.DEB))
    version = packages.field(packages.stock_debs(suite)[debs.STOCK], 'Version')
    to = tmp_path_factory.mktemp('unversioned') / deb.name
    return packages.rewritten(deb, to, f'{debs.STOCK} (= {version})', debs.STOCK)


@debs.on_bookworm('suite')
def test_without_the_companions_apt_would_remove_the_services(make_host, suite, unversioned):
    host = make_host(suite, 'stack')
    host.offer([*packages.stock_debs(suite).values(), unversioned])
    plan = host.run('apt-get install -s python3-nova-cascading').out
    assert {line.split()[1] for line in plan.splitlines() if line.startswith('Remv')} >= {'nova-common', 'nova-api'}


@debs.on_bookworm('suite')
def test_with_the_companions_only_the_library_leaves(make_host, suite, unversioned, companions):
    host = make_host(suite, 'stack')
    debs.leave_uncompiled(host)
    host.run('crudini --set /etc/nova/nova.conf cascading auto_migrate false')
    before = debs.nova(host)
    host.offer([*packages.stock_debs(suite).values(), unversioned, *companions.values()])
    host.run('apt-get install -y python3-nova-cascading ' + ' '.join(sorted(SERVICES)))
    after = debs.nova(host)
    assert set(before) - set(after) == {debs.STOCK}
    assert set(after) - set(before) == {debs.FORK}
    assert {after[name] for name in SERVICES} == {after[debs.FORK]}
    assert host.run('dpkg --audit').out == ''
    host.run('apt-get check')
    for line in ('apt-get install -y python3-nova', 'apt-get purge -y python3-nova-cascading python3-nova+'):
        refused = host.run(line, check=False)
        assert (refused.status, 'nova-cascading uninstall' in refused.err) == (100, True), line
    host.run('nova-cascading uninstall --yes')
    assert debs.nova(host) == before


@debs.on_bookworm('suite')
def test_a_service_named_alone_does_not_bring_the_fork(make_host, suite, unversioned, companions):
    """As with apt 1.0.1: companions are newer than stock ones, and `install nova-api` on a stock host means them."""
    host = make_host(suite, 'stack')
    host.offer([*packages.stock_debs(suite).values(), unversioned, *companions.values()])
    assert debs.FORK in debs.planned(host, 'apt-get install nova-api')
    host.write('/usr/share/nova-cascading/apt-preflight', (PROJECT / 'debian/apt-guard').read_text(), 0o755)
    host.put(PROJECT / 'builder/repository/templates/apt.conf', '/etc/apt/apt.conf.d/50nova-cascading')
    before = debs.nova(host)
    refused = host.run('apt-get install -y nova-api', check=False)
    assert (refused.status, 'which nobody asked for' in refused.err) == (100, True)
    host.run('apt-get install -y ' + re.search(r'nova-api=\S+', refused.err).group())  # as it says
    assert debs.nova(host) == before
    assert host.run('apt-get dist-upgrade -y', check=False).status == 100
    host.run(re.search('apt-mark hold [a-z0-9-]+', refused.err).group() + ' && apt-get dist-upgrade -y')
    host.run('apt-mark unhold python3-nova')  # or else it does not count as fully installed
    assert debs.nova(host) == before


def test_a_companion_is_the_stock_package_but_for_version_and_relations(suite, companions):
    assert set(companions) == SERVICES
    for name, deb in companions.items():
        stock = packages.stock_debs(suite)[name]
        assert content(deb) == content(stock), name
        assert differing_fields(stock, deb) <= {'Source', 'Version', 'Depends', 'Recommends', 'Suggests', 'Pre-Depends'}


def content(deb: Path) -> str:
    return hashlib.sha256(subprocess.run(['dpkg-deb', '--fsys-tarfile', deb], check=True,
                                         capture_output=True).stdout).hexdigest()


def differing_fields(one: Path, other: Path) -> set[str]:
    fields = [packages.fields(deb) for deb in (one, other)]
    return {name for name in {*fields[0], *fields[1]} if fields[0].get(name) != fields[1].get(name)}
