"""MariaDB and the fork in one apt run: the server stops while packages are exchanged, and nobody's run breaks."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from tests.hosts.lib import debs, packages, services, templates
from tests.hosts.lib.host import Host

RUNNING = ('nova-conductor', 'nova-scheduler')
SERVER = ('mariadb-server', 'mariadb-server-core', 'mariadb-client', 'mariadb-client-core', 'mariadb-common',
          'libmariadb3', 'galera-4')
REPORTED = "mysql -Ne 'SELECT count(*) FROM services WHERE report_count > 0' nova"
REINSTALL = 'apt-get install -y --reinstall python3-nova-cascading 2>&1'
BY_SOMEBODY_ELSE = "{0} does not run after its restart, for a reason that is not nova-cascading's"
# Type=simple: up for systemd as soon as it is begun. With /run/ends it ends after two seconds.
PROXY = """[Service]
ExecStart=/bin/sh -c '[ ! -e /run/ends ] || { sleep 2; exit 1; }; exec sleep infinity'
Restart=on-failure
"""
# What the kernel knows of a second conductor, without its 100 MB.
TEMPLATE = """[Service]
User=nova
ExecStart=/usr/bin/python3 -c "import signal; signal.pause()"
"""
NOTE = '/var/lib/nova-cascading/catch-up'
# Between two tries it is inactive for a moment, too.
MADE_UP_FOR = f'test ! -e {NOTE} && systemctl show -p ActiveState nova-cascading-catch-up | grep -q inactive'


@pytest.fixture(scope='module', params=debs.SUITES)
def day(request, module_host, fork_of, tmp_path_factory) -> SimpleNamespace:
    """A booted stock controller that is offered two revisions of the fork and a security update of MariaDB."""
    host: Host = module_host(request.param, 'stack')
    debs.compile_once(host)
    host.run('systemctl disable nova-api')  # 010 sees that each service is restarted; here two are enough
    services.do_without_bus(host)
    host.boot()
    to = tmp_path_factory.mktemp('server')
    server = [path for layer in templates.directories(host.suite, 'stack')
              for path in layer.glob('var/cache/apt/archives/*.deb') if unversioned(path.name) in SERVER]
    newer = [packages.reversion(path, to, '.1') for path in server]
    forks = [packages.library(fork_of(host.suite, revision, *debs.DEB)) for revision in (1, 2)]
    stock = packages.stock_debs(host.suite).values()
    host.offer([*stock, *server, forks[0]])
    names = [path.name.split('_')[0] for path in server]
    both = ' '.join([debs.FORK, *(name for name in names if name.startswith('mariadb-server') and 'core' not in name)])
    return SimpleNamespace(host=host, updates=[*stock, *newer, forks[1]], both=f'apt-get install -y --reinstall {both}')


def unversioned(file: str) -> str:
    """The name of MariaDB's package in a deb's file name: bullseye has mariadb-server-10.5 below mariadb-server."""
    return re.sub(r'-[0-9.]+$', '', file.split('_')[0]) if file.startswith('mariadb') else file.split('_')[0]


def pids(host: Host) -> dict[str, int]:
    return {name: host.service(name).pid for name in RUNNING}


def assert_all_well(host: Host, before: dict[str, int]) -> None:
    """Everything is configured, MariaDB answers, the column is there, and each service runs the new code."""
    assert host.run('dpkg --audit').out == ''
    assert debs.FORK in debs.installed(host)
    assert debs.has_column(host)
    for name in RUNNING:
        assert host.service(name).is_active, host.service(name).journal()[-2000:]
        assert host.service(name).pid != before[name], f'{name} still runs the old code'


def test_the_first_installation_with_a_reinstallation_of_mariadb(day):
    before = pids(day.host)
    day.host.run(day.both)
    assert_all_well(day.host, before)


@debs.on_bookworm('day')
def test_a_reinstallation_of_both(day):
    before = pids(day.host)
    day.host.run(day.both)
    assert_all_well(day.host, before)


@debs.on_bookworm('day')
def test_a_service_that_is_masked_while_it_runs_is_named(day):
    host, name = day.host, 'nova-scheduler'
    host.run(f'systemctl mask --runtime {name}')
    before = pids(host)
    said = host.run(REINSTALL).out
    assert f'{name} was not restarted, and runs the code that it started with' in said
    assert 'masked' in host.run(f'systemctl status {name}').out
    assert (before[name], False) == (host.service(name).pid, pids(host)['nova-conductor'] == before['nova-conductor'])
    host.run(f'systemctl unmask --runtime {name}; systemctl restart {name}')


@debs.on_bookworm('day')
def test_a_defect_of_ours_is_one_message_and_its_traceback_is_in_the_log(day):
    host, module = day.host, '/usr/lib/python3/dist-packages/nova/cascading/host/status.py'
    host.run(f'cp -p {module} /root/whole.py; echo "1 / 0" >>{module}')
    said = host.run('nova-cascading status', check=False)
    host.run(f'cp -p /root/whole.py {module}')
    assert said.status == 1 and 'Traceback' not in said.err
    logged = host.run(re.search('journalctl -t nova-cascading', said.err).group()).out
    assert 'Traceback' in logged and 'ZeroDivisionError' in logged


@debs.on_bookworm('day')
def test_what_runs_under_another_name_is_named_with_the_command_that_restarts_it(day):
    host, second = day.host, day.host.service('nova-conductor@2')
    host.write('/run/systemd/system/nova-conductor@.service', TEMPLATE)
    host.run('systemctl daemon-reload; systemctl start nova-conductor@2')
    before = second.pid
    done = host.run('nova-cascading services restart-running')
    assert second.pid == before
    host.run(re.search(r'nova-conductor@2 runs .*Next: (systemctl restart nova-conductor@2)$', done.err, re.M).group(1))
    assert second.pid not in (0, before)
    host.run('systemctl stop nova-conductor@2; rm /run/systemd/system/nova-conductor@.service; systemctl daemon-reload')
    assert 'nova-conductor@2' not in host.run('nova-cascading services restart-running').err


# The scheduler of nova 31 starts where there is no placement.
@pytest.mark.parametrize('day', ['bookworm', debs.everywhere('bullseye')], indirect=True)
def test_a_service_that_something_else_keeps_down_is_named_and_breaks_no_run(day):
    """systemd tries again and again, so it is between two tries when it is judged.

    Placement that is down, an administrator's ExecStartPre that fails, a service that ends after it has begun.
    """
    host, units, down = day.host, '/run/systemd/system', (*RUNNING, 'nova-novncproxy')
    host.write(f'{units}/nova-novncproxy.service', PROXY)
    host.run('systemctl daemon-reload; systemctl start nova-novncproxy; systemctl stop placement-versions')
    host.write(f'{units}/nova-conductor.service.d/wait.conf', '[Service]\nExecStartPre=/bin/false\n')
    said = host.run(f'touch /run/ends; {REINSTALL}').out
    assert [name for name in down if BY_SOMEBODY_ELSE.format(name) not in said] == [], said
    assert host.run('dpkg --audit').out == ''
    host.run(f'rm -r /run/ends {units}/nova-conductor.service.d; systemctl daemon-reload;'
             'systemctl start placement-versions; nova-cascading services restart-running')
    assert [name for name in down if not host.service(name).is_active] == []
    host.run(f'systemctl stop nova-novncproxy; rm {units}/nova-novncproxy.service; systemctl daemon-reload')


def test_a_security_day(day):
    day.host.offer(day.updates)
    before = pids(day.host)
    assert debs.planned(day.host, 'apt-get dist-upgrade') >= {'mariadb-server', debs.FORK}
    day.host.run('apt-get dist-upgrade -y')
    assert_all_well(day.host, before)


@pytest.fixture
def waiting(day) -> SimpleNamespace:
    """The fork is installed while MariaDB is down, over services of stock nova that run; their processes."""
    host = day.host
    host.run(f'systemctl start mariadb; {debs.back(host)}')
    for name in ('nova', 'nova_cell0'):
        for table in ('instances', 'shadow_instances'):
            host.sql(f'ALTER TABLE {table} DROP COLUMN IF EXISTS mapping_uuid', name)
    host.sql('UPDATE services SET report_count = 0')
    host.run(f'systemctl restart {" ".join(RUNNING)}')
    host.write('/etc/systemd/system/nova-cascading-catch-up.service.d/soon.conf', '[Service]\nRestartSec=3\n')
    services.wait_for(host, f'test "$({REPORTED})" = 2')  # one that still starts would end, and start again
    before = pids(host)
    host.run('systemctl stop mariadb')
    done = host.run('apt-get install -y python3-nova-cascading')
    assert 'nova-cascading-catch-up.service does both' in done.err
    assert pids(host) == before
    assert host.run('dpkg --audit').out == ''
    return SimpleNamespace(host=host, pids=before)


@debs.on_bookworm('day')
def test_with_mariadb_down_for_longer_the_migration_is_made_up_for(waiting):
    """What waits for that ends with the package."""
    host = waiting.host
    back = host.run(f'{debs.back(host)} && systemctl show -p ActiveState nova-cascading-catch-up')
    assert 'ActiveState=inactive' in back.out and 'could not be stopped' not in back.err
    assert not host.exists(NOTE)
    host.run('apt-get install -y python3-nova-cascading')
    host.run('systemctl start mariadb')
    services.wait_for(host, MADE_UP_FOR)
    assert_all_well(host, waiting.pids)


@debs.on_bookworm('day')
def test_with_mariadb_down_until_after_a_reboot_too(waiting):
    """The gate lets the new code start then, on a database that lacks the column when it is back."""
    host, names = waiting.host, ' '.join(RUNNING)
    host.run(f'systemctl disable mariadb {names}')  # without a database they keep the boot from ending for minutes
    host.boot()
    assert not host.service('mariadb').is_active and host.exists(NOTE)
    host.run(f'systemctl enable {names}; systemctl start --no-block {names}')
    services.wait_for(host, f'test $(systemctl show -p MainPID {names} | grep -c "=[1-9]") = 2')
    host.run('systemctl start mariadb')
    services.wait_for(host, MADE_UP_FOR)
    assert_all_well(host, dict.fromkeys(RUNNING, 0))
