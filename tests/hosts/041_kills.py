"""A postinst or dpkg itself killed at work: the next run completes what is missing, and nothing else."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from tests.hosts.lib import debs, services
from tests.hosts.lib.host import Host

RUNNING = ('nova-conductor', 'nova-scheduler')
OFF = 'nova-api'
MIGRATION = ['before-column:instances', 'after-column:instances', 'after-column:shadow_instances', 'before-index',
             'after-index']
RESTART = ['before-restart:nova-conductor', 'after-restart:nova-conductor', 'after-restart:nova-scheduler']
UNPACK = 'dpkg --unpack --auto-deconfigure /root/fork.deb'
INSTALL = 'apt-get install -y python-nova-cascading'
ON_BOOKWORM = debs.on_bookworm('ready')
NEW_FILES = '/usr/lib/python3/dist-packages/nova/*.dpkg-new'


@pytest.fixture(scope='module')
def half_way(module_host, ready) -> tuple[str, list]:
    """The disk of `ready` with the fork unpacked and not yet configured, as a power cut leaves it."""
    host: Host = module_host(*ready)
    services.do_without_bus(host)
    host.start_mariadb()
    host.run(f'systemctl disable {OFF}; {UNPACK}')
    host.run('mysqladmin shutdown')
    return ready[0], host.freeze()


@pytest.fixture(scope='module')
def controller(module_host, ready) -> Host:
    host: Host = module_host(*ready)
    debs.compile_once(host)
    services.do_without_bus(host)
    host.run(f'systemctl disable {OFF}')
    host.boot()
    host.serve('/srv/apt')
    return host


@pytest.fixture
def unpacked(controller) -> SimpleNamespace:
    """Services at work over new code, which is not configured yet; their processes.

    The first of these tests finds stock's services here. The others find those of the fork that it left: each way,
    configuring has to restart them.
    """
    controller.run(f'{UNPACK}; systemctl start {" ".join(RUNNING)}')
    return SimpleNamespace(host=controller, pids=pids(controller))


def pids(host: Host) -> dict[str, int]:
    return {name: host.service(name).pid for name in RUNNING}


def assert_complete(host: Host, before: dict[str, int], stopped: tuple[str, ...] = ()) -> None:
    """Configured; what ran runs with the new code, but for what was stopped since."""
    assert debs.FORK in debs.installed(host)
    assert host.run('dpkg --audit').out == ''
    host.run('nova-cascading db check')
    for name in RUNNING:
        assert host.service(name).is_active == (name not in stopped), host.service(name).journal()[-2000:]
        assert host.service(name).pid != before[name], f'{name} still runs the old code'
    assert not host.service(OFF).is_active
    assert not host.exists('/run/nova-cascading.restarting')


@ON_BOOKWORM  # 202 has the database servers
def test_killed_at_every_step_of_the_migration_it_is_completed_by_dpkg(make_host, half_way):
    host = make_host(*half_way)
    debs.leave_uncompiled(host)
    host.start_mariadb()
    for step in MIGRATION:
        debs.configure_killed(host, step)
        assert debs.FORK not in debs.installed(host)
    host.run('dpkg --configure -a')
    assert debs.FORK in debs.installed(host)
    assert host.run('dpkg --audit').out == ''
    host.run('nova-cascading db check')


@ON_BOOKWORM
def test_killed_at_every_step_of_the_restart_it_is_completed_by_dpkg(unpacked):
    for step in RESTART:
        debs.configure_killed(unpacked.host, step)
        assert debs.FORK not in debs.installed(unpacked.host)
    unpacked.host.run('dpkg --configure -a')
    assert_complete(unpacked.host, unpacked.pids)


@ON_BOOKWORM
def test_what_was_stopped_after_the_kill_is_not_started(unpacked):
    host, stopped = unpacked.host, ('nova-conductor',)
    debs.configure_killed(host, 'after-restart:nova-conductor')
    for name in stopped:
        host.service(name).stop()
    host.run('dpkg --configure -a')
    assert_complete(host, unpacked.pids, stopped)


@ON_BOOKWORM
def test_a_policy_rc_d_that_forbids_restarts_is_obeyed(unpacked):
    host = unpacked.host
    host.write('/usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755)
    host.run('apt-get -f install -y; rm /usr/sbin/policy-rc.d')  # as one does who finds something half done
    assert debs.FORK in debs.installed(host)
    assert pids(host) == unpacked.pids


@ON_BOOKWORM
def test_a_systemd_that_does_not_answer_is_made_up_for_as_it_is_said(unpacked):
    host = unpacked.host
    systemctl = host.run('command -v systemctl').out.strip()  # on bullseye in /bin
    host.run(f'mount --bind /bin/false {systemctl}')
    said = host.run('dpkg --configure -a').err
    back = host.run('nova-cascading uninstall').out
    host.run(f'umount {systemctl}')
    assert pids(host) == unpacked.pids
    host.run(re.search('nova-cascading services restart-running', said).group())
    assert_complete(host, unpacked.pids)
    before = pids(host)
    host.run(re.search('units=.*systemctl try-restart', back).group())
    assert_complete(host, before)


@ON_BOOKWORM
def test_dpkg_killed_while_postinst_goes_on_is_completed_by_the_next_at_once(unpacked):
    host = unpacked.host
    kill_when(host, 'pgrep -f "[s]ervices restart-running"', 'dpkg --configure -a')
    host.run('dpkg --configure -a')
    assert_complete(host, unpacked.pids)


@ON_BOOKWORM
@pytest.mark.parametrize('again', ['apt-get install -y --reinstall python3-nova-cascading', 'dpkg -i /root/fork.deb'])
def test_dpkg_killed_while_it_unpacks_is_completed_by_a_reinstallation(controller, again):
    host = controller
    host.run(debs.back(host))
    before = pids(host)
    kill_when(host, f'ls {NEW_FILES} 2>/dev/null', INSTALL)
    assert debs.FORK not in debs.installed(host)
    assert [name for name in RUNNING if not host.service(name).is_active] == []
    host.run(f'dpkg --configure -a; {again}')
    assert_complete(host, before)


@ON_BOOKWORM
def test_a_way_back_that_was_cut_off_is_ended_either_way_as_the_hook_of_the_keyring_says(controller):
    """The fork's program and its own hook are gone by then, and apt's repair would take all of nova away."""
    host = controller
    host.run(f'{INSTALL}; cp -r /usr/share/{debs.FORK} /usr/share/keyring; '
             f'sed s,{debs.FORK},keyring,g /usr/share/keyring/apt.conf >/etc/apt/apt.conf.d/40keyring')
    for way in ('apt-get install --reinstall python3-nova-cascading', 'apt-get install python3-nova=.*'):
        kill_when(host, 'test ! -e /usr/bin/nova-cascading', 'nova-cascading uninstall --yes')
        host.run('dpkg --configure -a')
        said = host.run('apt-get -f install -y', check=False)
        assert (said.status, 'nova-cascading uninstall' in said.err) == (100, False)
        assert [name for name in RUNNING if not host.service(name).is_active] == []
        host.run(f'{re.search(way, said.err).group()} -y')
        assert host.run('dpkg --audit').out == ''
        assert {'nova-common', *RUNNING} <= debs.installed(host).keys()
    assert debs.STOCK in debs.installed(host)
    host.run(f'rm -r /etc/apt/apt.conf.d/40keyring /usr/share/keyring; {INSTALL}')


@ON_BOOKWORM
def test_after_a_power_cut_the_gate_adds_the_column_and_services_come_up(make_host, half_way):
    host = make_host(*half_way)
    host.boot()
    assert_up(host)
    host.run('dpkg --configure -a')
    assert debs.FORK in debs.installed(host)
    assert_up(host)


@ON_BOOKWORM
def test_after_a_power_cut_with_auto_migrate_off_services_wait_for_the_column(make_host, half_way):
    host = make_host(*half_way)
    host.run('crudini --set /etc/nova/nova.conf cascading auto_migrate false')
    host.boot()
    assert [name for name in RUNNING if host.service(name).is_active] == []
    assert 'nova-cascading db sync' in host.service('nova-conductor').journal()
    host.run('dpkg --configure -a; nova-cascading db sync && nova-cascading services restart-running')
    assert_up(host)


def assert_up(host: Host) -> None:
    """All that starts at boot runs, on a database that has its column, and nothing else."""
    assert debs.has_column(host)
    assert [name for name in RUNNING if not host.service(name).is_active] == []
    assert not host.service(OFF).is_active


def kill_when(host: Host, condition: str, line: str) -> None:
    """Run a line and kill dpkg as soon as the condition holds."""
    killer = host.spawn(f'until {condition} >/dev/null; do :; done; pkill -9 -x dpkg')
    assert host.run(line, check=False).status != 0
    assert killer.wait(10) == 0
