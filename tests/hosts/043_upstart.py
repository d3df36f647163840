"""On hosts with upstart its jobs are asked what runs. No Debian of today has upstart: a stand-in answers as it does."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.hosts.lib import debs, packages, probe, services
from tests.hosts.lib.host import Host
from tests.hosts.lib.probe import SCRIPT

INSIDE = SCRIPT.parent
MAPPING = '22222222-2222-4222-8222-222222222222'
RUNNING = ('nova-conductor', 'nova-api')
OFF = ('nova-scheduler', 'nova-api-metadata')


@pytest.fixture(scope='module')
def swap(module_host, fork_of) -> SimpleNamespace:
    """A controller whose nova services are jobs of upstart, with the fork just installed; what ran before."""
    host: Host = module_host('bookworm', 'stack')
    debs.compile_once(host)
    host.start_mariadb()
    host.start_rabbit()
    make_jobs(host)
    host.run(' && '.join(f'start {name}' for name in RUNNING))
    fork = fork_of('bookworm', 1, *debs.DEB)
    debs.offer_fork(host, fork)
    host.put(packages.library(fork), '/root/fork.deb')
    services.wait_for_conductor(host)
    instance = probe.ask(host, 'create')
    before = jobs(host)
    apt = host.run('apt-get install -y python-nova-cascading')
    return SimpleNamespace(host=host, before=before, apt=apt, instance=instance)


def make_jobs(host: Host) -> None:
    """Turn the init scripts into jobs, as Ubuntu 14.04 has them; its runlevel is 2."""
    host.run('rm -f /usr/sbin/policy-rc.d /sbin/runlevel; mkdir -p /lib/init')
    host.write('/usr/sbin/runlevel', '#!/bin/sh\necho N 2\n', 0o755)
    for script, place in (('initctl', '/usr/sbin/initctl'), ('upstart-job', '/lib/init/upstart-job')):
        host.put(INSIDE / script, place)
        host.run(f'chmod 755 {place}')
    for name in ('start', 'stop', 'status', 'restart'):
        host.run(f'ln -s initctl /usr/sbin/{name}')
    for name in (*RUNNING, *OFF):
        host.run(f'mv /etc/init.d/{name} /srv/{name}; ln -s /lib/init/upstart-job /etc/init.d/{name}')
        host.write(f'/etc/init/{name}.conf', f'start on runlevel [2345]\nexec /srv/{name} systemd-start\n')


def jobs(host: Host) -> dict[str, str]:
    """Job -> what initctl says of it."""
    return {name: host.run(f'initctl status {name}').out.strip() for name in (*RUNNING, *OFF)}


def assert_restarted(host: Host, before: dict[str, str]) -> None:
    after = jobs(host)
    assert [name for name in after if ' start/running, process ' in after[name]] == list(RUNNING)
    assert [name for name in RUNNING if after[name] == before[name]] == []
    assert {name: after[name] for name in OFF} == {name: f'{name} stop/waiting' for name in OFF}


def test_jobs_that_ran_run_again_with_the_new_code_and_the_others_stay_off(swap):
    assert_restarted(swap.host, swap.before)
    said = [line for line in swap.apt.out.splitlines() if line.startswith('restarting ')]
    assert said == ['restarting nova-conductor', 'restarting nova-api']
    services.wait_for_conductor(swap.host)
    assert probe.ask(swap.host, 'map', swap.instance, MAPPING) == MAPPING


def test_killed_between_two_services_it_is_completed_by_dpkg(swap):
    host = swap.host
    host.run('dpkg --unpack /root/fork.deb')
    before = jobs(host)
    debs.configure_killed(host, 'after-restart:nova-conductor')
    host.run('dpkg --configure -a')
    assert_restarted(host, before)
    assert debs.FORK in debs.installed(host)


def test_a_job_whose_restart_was_killed_between_stop_and_start_runs_again(swap):
    host = swap.host
    host.run('dpkg --unpack /root/fork.deb')
    before = jobs(host)
    debs.configure_killed(host, 'before-restart:nova-api')
    host.run('stop nova-api')
    host.run('dpkg --configure -a')
    assert_restarted(host, before)
