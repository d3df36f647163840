"""On hosts without systemd the init scripts are asked what runs, and do the restart."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from tests.hosts.lib import debs, packages, probe, services, sysvinit
from tests.hosts.lib.host import Host

MAPPING = '22222222-2222-4222-8222-222222222222'
RUNNING = ('nova-conductor', 'nova-api')
OFF = ('nova-scheduler', 'nova-api-metadata')


@pytest.fixture(scope='module')
def swap(module_host, fork_of) -> SimpleNamespace:
    """A controller under sysvinit with the fork just installed; which processes were there before."""
    host: Host = module_host('bookworm', 'sysvinit')
    debs.compile_once(host)
    sysvinit.boot(host)
    debs.offer_fork(host, fork_of('bookworm', 1, *debs.DEB))
    host.put(packages.library(fork_of('bookworm', 1, *debs.DEB)), '/root/fork.deb')
    instance = probe.ask(host, 'create')
    before = pids(host)
    apt = host.run('apt-get install -y python-nova-cascading')
    return SimpleNamespace(host=host, before=before, apt=apt, instance=instance)


@pytest.fixture
def unpacked(swap) -> SimpleNamespace:
    """The same, to be configured again."""
    swap.host.run('dpkg --unpack /root/fork.deb')
    return SimpleNamespace(host=swap.host, before=pids(swap.host))


def pids(host: Host) -> dict[str, int]:
    return {name: sysvinit.pid(host, name) for name in (*RUNNING, *OFF)}


def assert_restarted(host: Host, before: dict[str, int], names: tuple[str, ...] = RUNNING) -> None:
    after = pids(host)
    assert {name for name in after if after[name]} == set(RUNNING)
    assert {name for name in RUNNING if after[name] != before[name]} == set(names)


def test_services_that_ran_run_again_with_the_new_code_and_the_others_stay_off(swap):
    assert swap.host.run('readlink /proc/1/exe').out.strip() == '/usr/sbin/init'
    assert_restarted(swap.host, swap.before)
    assert probe.ask(swap.host, 'map', swap.instance, MAPPING) == MAPPING


def test_the_conductor_comes_first(swap):
    said = [line for line in swap.apt.out.splitlines() if line.startswith('restarting ')]
    assert said == ['restarting nova-conductor', 'restarting nova-api']


def test_a_policy_rc_d_decides_and_it_says_who_keeps_the_old_code(unpacked):
    unpacked.host.write('/usr/sbin/policy-rc.d', '#!/bin/sh\n[ "$1" != nova-api ] || exit 101\n', 0o755)
    said = unpacked.host.run('dpkg --configure -a; rm /usr/sbin/policy-rc.d').err
    assert_restarted(unpacked.host, unpacked.before, ('nova-conductor',))
    assert 'nova-api was not restarted' in said
    unpacked.host.run(re.search('service nova-api restart', said).group())
    assert_restarted(unpacked.host, unpacked.before)


def test_killed_between_two_services_it_is_completed_by_dpkg(unpacked):
    host = unpacked.host
    debs.configure_killed(host, 'after-restart:nova-conductor')
    host.run('dpkg --configure -a')
    assert_restarted(host, unpacked.before)
    assert debs.FORK in debs.installed(host)


def test_a_script_killed_between_stop_and_start_leaves_nothing_stopped_for_good(unpacked):
    host = unpacked.host
    debs.configure_killed(host, 'before-restart:nova-api')
    host.run('service nova-api stop')
    host.run('dpkg --configure -a')
    assert_restarted(host, unpacked.before)


def test_what_was_stopped_before_its_turn_came_is_not_started(unpacked):
    host = unpacked.host
    debs.configure_killed(host, 'before-restart:nova-conductor')
    host.run('service nova-api stop')
    host.run('dpkg --configure -a')
    assert sysvinit.pid(host, 'nova-api') == 0
    assert sysvinit.pid(host, 'nova-conductor') not in (0, unpacked.before['nova-conductor'])
    host.run('service nova-api start')


def test_the_way_back_leaves_the_services_running(swap):
    probe.ask(swap.host, 'get', swap.instance)  # they have come up
    services.wait_for(swap.host, 'curl -sf http://127.0.0.1:8774/ >/dev/null')
    before = pids(swap.host)
    swap.host.run(debs.back(swap.host))
    assert pids(swap.host) == before
