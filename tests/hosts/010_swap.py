"""`apt-get install python-nova-cascading` swaps nova's library for the fork's, on a cloud at work; and back."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import repositories
from tests.hosts.lib import debs, packages, probe, signed
from tests.hosts.lib.host import Host
from tests.repositories import Publisher

MAPPING = str(uuid.uuid4())
NOVA = '/usr/lib/python3/dist-packages/nova'
RUNNING = ('nova-api', 'nova-conductor')
OFF = ('nova-scheduler', 'nova-api-metadata')
FIRST = [pytest.param('bookworm', marks=pytest.mark.first)]


def subscribe(host: Host, fork: Path, work: Path) -> None:
    """Let the host's apt see stock nova where it was, and the fork in a signed repository of ours."""
    with repositories.signer() as home:
        repository = Publisher(work / 'repo', home)
        repository('publish', packages.library(fork), '--url', signed.URL)
        [suite] = (repository.root / 'dists').iterdir()
        signed.subscribe(host, repository, suite.name)
    host.offer(packages.stock_debs(host.suite).values(), port=8001, beside=True)


@pytest.fixture(scope='module', params=[*FIRST, 'trixie', 'bullseye'])
def swap(request, module_host, fork_of, tmp_path_factory) -> SimpleNamespace:
    """A booted controller with stock nova, swapped while a client works; what was seen before, meanwhile and after."""
    host: Host = module_host(request.param, 'stack')
    host.boot()
    host.service('nova-scheduler').stop()
    subscribe(host, fork_of(request.param, 1, *debs.DEB), tmp_path_factory.mktemp('repository'))
    instance = probe.ask(host, 'create')
    before = SimpleNamespace(packages=debs.installed(host), pids={name: host.service(name).pid for name in RUNNING})
    with probe.at_work(host):
        started = time.time()
        apt = host.run('apt-get install -y python-nova-cascading')
        ended = time.time()
    after = SimpleNamespace(packages=debs.installed(host), rounds=probe.rounds(host))
    return SimpleNamespace(host=host, before=before, after=after, apt=apt, instance=instance, seconds=ended - started)


def test_only_the_library_package_is_exchanged(swap):
    assert set(swap.before.packages) - set(swap.after.packages) == {debs.STOCK}
    assert set(swap.after.packages) - set(swap.before.packages) == {debs.FORK}
    kept = set(swap.before.packages) & set(swap.after.packages)
    assert {name: swap.before.packages[name] for name in kept} == {name: swap.after.packages[name] for name in kept}
    assert swap.host.run('dpkg --audit').out == ''
    swap.host.run('apt-get check')


def test_every_database_has_the_column(swap):
    assert [debs.has_column(swap.host, database, table) for database in ('nova', 'nova_cell0')
            for table in ('instances', 'shadow_instances')] == [True] * 4


def test_what_is_imported_is_compiled_and_none_of_it_is_stocks(swap):
    sources = [path for path in (swap.host.path(NOVA) / 'objects').glob('*.py') if path.stat().st_size]
    compiled = {path.name.split('.')[0]: path for path in (swap.host.path(NOVA) / 'objects/__pycache__').glob('*.pyc')}
    assert {path.stem for path in sources} <= set(compiled)
    assert b'mapping_uuid' in compiled['instance'].read_bytes()


def test_services_that_ran_run_again_with_the_new_code(swap):
    for name in RUNNING:
        assert swap.host.service(name).is_active, swap.host.service(name).journal()
        assert swap.host.service(name).pid != swap.before.pids[name]
    assert probe.ask(swap.host, 'map', swap.instance, MAPPING) == MAPPING


def test_services_that_did_not_run_stay_off(swap):
    assert [name for name in OFF if swap.host.service(name).is_active] == []


def test_a_client_loses_no_request_but_during_the_restart(swap, record_property):
    stopped, back = restart_of(swap.host, 'nova-conductor')
    record_property('restart_seconds', back - stopped)
    print(f'\n{swap.host.suite}: apt took {swap.seconds:.1f} s, nova-conductor was away for {back - stopped:.1f} s, '
          f'the slowest of {len(swap.after.rounds)} rounds took {max(one.seconds for one in swap.after.rounds):.1f} s')
    lost = [one for one in swap.after.rounds if one.error and not (one.at < back and one.at + one.seconds > stopped)]
    assert lost == []


def test_the_gate_stands_before_each_service(swap):
    shown = swap.host.run('systemctl show -p ExecStartPre nova-conductor nova-scheduler nova-api').out
    assert shown.count('db check --gate') >= 3
    swap.host.run('nova-cascading db check --gate')


def test_the_way_back_restores_stock_and_keeps_the_mappings(swap):
    probe.ask(swap.host, 'map', swap.instance, MAPPING)
    swap.host.run(debs.back(swap.host))
    assert debs.installed(swap.host) == swap.before.packages
    assert not swap.host.exists(f'{NOVA}/cascading')
    assert 'db check' not in swap.host.run('systemctl show -p ExecStartPre nova-conductor').out
    swap.host.run('systemctl restart nova-conductor')
    assert probe.ask(swap.host, 'get', swap.instance) == 'stock'
    probe.ask(swap.host, 'create')
    assert swap.host.sql(f"SELECT mapping_uuid FROM instances WHERE uuid = '{swap.instance}'") == [(MAPPING,)]


@pytest.mark.parametrize('swap', FIRST, indirect=True)  # as the first time, which each suite sees
def test_forward_again_finds_the_mappings(swap):
    swap.host.run('apt-get install -y python-nova-cascading')
    assert debs.installed(swap.host) == swap.after.packages
    assert probe.ask(swap.host, 'get', swap.instance) == MAPPING


@pytest.mark.parametrize('swap', FIRST, indirect=True)
def test_the_column_goes_once_all_services_are_stopped_and_stock_nova_does_without(swap):
    refused = swap.host.run('nova-cascading db rollback --drop-column', check=False)
    assert refused.status == 1 and 'stop all nova services on all controllers' in refused.err, refused
    assert probe.ask(swap.host, 'get', swap.instance) == MAPPING
    swap.host.run(f'systemctl stop {" ".join(RUNNING)}')
    swap.host.run('nova-cascading db rollback --drop-column')
    swap.host.run('nova-cascading uninstall --yes')
    assert debs.installed(swap.host) == swap.before.packages
    swap.host.run(f'systemctl start {" ".join(RUNNING)}')
    probe.ask(swap.host, 'create')
    assert [debs.has_column(swap.host, database, table) for database in ('nova', 'nova_cell0')
            for table in ('instances', 'shadow_instances')] == [False] * 4


def restart_of(host: Host, name: str) -> tuple[float, float]:
    """When a unit last stopped and when it was up again, in seconds since 1970."""
    shown = host.run(f'systemctl show -p ActiveExitTimestampMonotonic -p ActiveEnterTimestampMonotonic {name}').out
    times = dict(line.split('=', 1) for line in shown.splitlines())
    booted = time.time() - time.clock_gettime(time.CLOCK_MONOTONIC)
    stopped, back = (booted + int(times[f'Active{what}TimestampMonotonic']) / 1e6 for what in ('Exit', 'Enter'))
    return stopped, back
