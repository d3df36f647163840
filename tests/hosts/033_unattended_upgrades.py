"""Updates that come by night: unattended-upgrades leaves nova's library alone, needrestart takes no service down."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import repositories
from tests.hosts.lib import debs, packages, services, signed, templates
from tests.hosts.lib.host import Host
from tests.repositories import Publisher

RUNNING = ('nova-conductor', 'nova-scheduler')
LIBRARY = 'python3-greenlet'  # its code is mapped into each of them
ORIGINS = 'Unattended-Upgrade::Origins-Pattern { "origin=nova-cascading"; "site=127.0.0.1"; };\n'


@pytest.fixture(scope='module')
def host(module_host, fork_of, tmp_path_factory) -> Host:
    """A controller at work, the fork installed from a signed repository, and nova's database not migrated."""
    made: Host = module_host('bookworm', 'upgraders')
    services.do_without_bus(made)
    made.run('systemctl disable nova-api')  # two are enough
    made.boot()
    with repositories.signer() as home:
        repository = Publisher(tmp_path_factory.mktemp('repository') / 'repo', home)
        repository('publish', packages.library(fork_of('bookworm', 1, *debs.DEB)), '--url', signed.URL)
        signed.subscribe(made, repository, 'zed-bookworm')
    made.offer(packages.stock_debs('bookworm').values(), port=8001, beside=True)
    made.write('/etc/apt/apt.conf.d/52origins', ORIGINS)
    made.run('crudini --set /etc/nova/nova.conf cascading auto_migrate false')
    done = made.run('apt-get install -y python3-nova-cascading')
    assert 'not restarted, still with the code they started with: nova-conductor, nova-scheduler' in done.err
    return made


def night(host: Host, to: Path, suffix: str) -> None:
    """One with an update of the stock nova, for which there is no fork, and one of a library that nova uses."""
    library = next(path for layer in templates.directories('bookworm', 'stack')
                   for path in layer.glob(f'var/cache/apt/archives/{LIBRARY}_*.deb'))
    updates = [*packages.stock_debs('bookworm').values(), library]
    host.offer([packages.reversion(path, to, suffix) for path in updates], port=8001, beside=True)
    before = debs.nova(host)
    host.run('unattended-upgrade', env={'NEEDRESTART_MODE': 'a'})
    assert debs.installed(host)[LIBRARY].endswith(suffix)
    assert debs.nova(host) == before


def pids(host: Host) -> dict[str, int]:
    """The process of each service; 0 where none runs."""
    return {name: host.service(name).pid for name in RUNNING}


def outdated(host: Host) -> set[str]:
    """The services of nova that needrestart would have restarted."""
    listed = host.run('needrestart -b -r l').out.splitlines()
    return {line.split()[-1].replace('.service', '') for line in listed if 'SVC: nova-' in line}


def test_while_the_gate_is_closed_no_service_is_restarted_into_it(host, tmp_path):
    before = pids(host)
    night(host, tmp_path, '.1')
    assert pids(host) == before and 0 not in before.values()
    assert outdated(host) == set(RUNNING)


def test_with_the_gate_open_services_are_restarted_and_run(host, tmp_path):
    host.run('nova-cascading db sync')
    before = pids(host)
    night(host, tmp_path, '.2')
    after = pids(host)
    assert [name for name in RUNNING if after[name] in (0, before[name])] == []
    assert outdated(host) == set()
