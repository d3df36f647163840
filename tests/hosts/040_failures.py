"""What cannot work is refused early and mended by `dpkg --configure -a`; what cannot be asked now is made up for."""

from __future__ import annotations

import pytest

from tests.hosts.lib import debs, packages
from tests.hosts.lib.host import Host
from tests.hosts.lib.sql import hold_lock

INSTALL = 'apt-get install -y python-nova-cascading'
NOTE = '/var/lib/nova-cascading/catch-up'  # of a migration to be made up for
DPKG = 'dpkg -B -i /root/fork.deb'
OWN = '/usr/lib/python3/dist-packages/nova/cascading'
STOCK_WORKS = 'cd / && python3 -c "from nova import objects; objects.register_all()"'


@pytest.fixture
def host(make_host, ready) -> Host:
    made = make_host(*ready)
    debs.leave_uncompiled(made)
    made.serve('/srv/apt')
    return made


@debs.on_bookworm('ready')  # 032 has the server stop within the run, on all suites
@pytest.mark.parametrize('command', [INSTALL, DPKG])
def test_with_the_database_down_it_is_installed_and_made_up_for(host, command):
    done = host.run(command)
    assert 'cannot be asked or changed now' in done.err
    assert 'Next, when that has changed: nova-cascading db sync && nova-cascading services restart-running' in done.err
    assert debs.FORK in debs.installed(host)
    assert host.run('dpkg --audit').out == ''
    host.start_mariadb()
    host.run('nova-cascading db sync && nova-cascading services restart-running')
    assert debs.has_column(host)


@debs.on_bookworm('ready')
def test_a_compute_host_that_cannot_ask_the_database_of_its_nova_conf_has_nothing_to_make_up_for(host):
    """One nova.conf for all hosts, and a firewall: the same host without the programs of a controller."""
    host.run('rm /usr/bin/nova-api /usr/bin/nova-conductor /usr/bin/nova-scheduler; '
             'cp /usr/bin/nova-manage /usr/bin/nova-compute')
    done = host.run(INSTALL)
    assert 'left alone, as no service of this host reads databases' in done.out + done.err
    assert debs.FORK in debs.installed(host) and not host.exists(NOTE)
    assert host.run('nova-cascading db check --gate').status == 0
    host.run('touch /usr/bin/nova-conductor')
    assert host.run('nova-cascading db sync --auto', check=False).status == 2


@debs.on_bookworm('ready')
def test_a_table_that_a_dump_holds_breaks_no_apt_run(host):
    """How long it takes is nothing that a package can know."""
    host.run('crudini --set /etc/nova/nova.conf cascading lock_retries 1;'
             'crudini --set /etc/nova/nova.conf cascading lock_wait_timeout 1')
    host.start_mariadb()
    end_dump = hold_lock(host)
    done = host.run(INSTALL)
    assert 'run this again when it has ended' in done.err
    assert debs.FORK in debs.installed(host) and not debs.has_column(host)
    assert host.exists(NOTE)
    end_dump()
    host.run('nova-cascading db sync && nova-cascading services restart-running')
    assert debs.has_column(host)
    assert not host.exists(NOTE)


def forbid(host: Host) -> None:
    """The database answers, and takes no change of its tables."""
    host.start_mariadb()
    host.sql('REVOKE ALTER ON nova.* FROM nova@localhost', 'mysql')


def allow(host: Host) -> None:
    host.sql('GRANT ALTER ON nova.* TO nova@localhost', 'mysql')


@debs.on_bookworm('ready')
def test_dpkg_is_refused_where_the_database_cannot_be_migrated_and_stock_stays(host):
    forbid(host)
    before = debs.installed(host)
    refused = host.run(DPKG, check=False)
    assert refused.status != 0
    assert 'ALTER' in refused.out
    assert 'auto_migrate = false' in refused.err
    assert debs.installed(host) == before
    assert host.run('dpkg --audit').out == ''
    host.run(STOCK_WORKS)
    allow(host)
    host.run(DPKG)
    assert debs.has_column(host)


def test_apt_without_the_hook_stops_unconfigured_and_is_completed_or_goes_back_as_it_says(host):
    forbid(host)
    before = debs.installed(host)
    stopped = host.run(INSTALL, check=False)
    assert stopped.status != 0
    assert 'Or go back: nova-cascading uninstall --yes' in stopped.err
    assert debs.FORK not in debs.installed(host)
    host.run('nova-cascading uninstall --yes')
    assert debs.installed(host) == before
    host.run(STOCK_WORKS)
    assert host.run(INSTALL, check=False).status != 0
    allow(host)
    host.run('dpkg --configure -a')
    assert debs.FORK in debs.installed(host)
    assert debs.has_column(host)


@debs.on_bookworm('ready')
@pytest.mark.parametrize('command', [INSTALL, DPKG])
def test_a_full_disk_while_it_is_unpacked_is_made_up_for_by_the_same_command(host, command):
    """apt has removed stock nova by then."""
    host.start_mariadb()
    host.run(f'mkdir {OWN} && mount -t tmpfs -o size=64k full {OWN}')
    stopped = host.run(command, check=False)
    assert stopped.status != 0 and 'No space left on device' in stopped.out + stopped.err
    assert not debs.has_column(host)
    host.run(f'umount {OWN}')
    host.run(command)
    assert debs.FORK in debs.installed(host) and debs.has_column(host)
    assert host.run('dpkg --audit').out == '' and host.run('apt-get check').status == 0


@debs.on_bookworm('ready')
def test_a_full_disk_while_byte_code_is_made_is_made_up_for_by_dpkg(make_host, ready):
    host = make_host(*ready)
    host.serve('/srv/apt')
    host.start_mariadb()
    host.run(f'mkdir -p {OWN}/__pycache__ && mount -t tmpfs -o size=16k full {OWN}/__pycache__')
    assert host.run(INSTALL, check=False).status != 0
    host.run(f'umount {OWN}/__pycache__; dpkg --configure -a')
    assert debs.FORK in debs.installed(host) and debs.has_column(host)
    assert list(host.path(f'{OWN}/__pycache__').glob('cli.*.pyc'))


@debs.on_bookworm('ready')
def test_auto_migrate_off_installs_without_the_database_and_says_what_to_run(host):
    host.run('crudini --set /etc/nova/nova.conf cascading auto_migrate false')
    done = host.run(INSTALL)
    assert 'nova-cascading db sync' in done.out
    host.start_mariadb()
    assert not debs.has_column(host)
    assert host.run('nova-cascading db check', check=False).status == 1
    host.run('nova-cascading db sync')
    assert debs.has_column(host)


@debs.once_on_each('ready', 'configuration', 'cp /usr/share/nova-common/nova.conf /etc/nova/nova.conf',
                   'rm /etc/nova/nova.conf')
def test_a_host_without_nova_conf_or_with_debians_own_has_nothing_to_migrate(host, configuration):
    """Debian's own names an SQLite file that nobody has made; compute hosts look like this for good."""
    host.run(configuration)
    host.run(INSTALL)
    assert debs.FORK in debs.installed(host)


@debs.on_bookworm('ready')  # 207 follows nova's own sync in each of its forms
def test_a_database_without_tables_is_left_to_nova_whose_sync_then_adds_the_column(host):
    host.start_mariadb()
    host.sql('DROP DATABASE nova; CREATE DATABASE nova CHARACTER SET utf8', 'mysql')
    assert 'nova-manage db sync' in host.run(INSTALL).out
    assert host.sql('SHOW TABLES') == []
    host.run("su nova -s /bin/sh -c 'nova-manage db sync'")
    assert [debs.has_column(host, 'nova', table) for table in ('instances', 'shadow_instances')] == [True, True]


@debs.on_bookworm('ready')
def test_the_fork_can_be_removed_with_the_database_down(host):
    host.start_mariadb()
    host.run(INSTALL)
    host.run(f'mysqladmin shutdown; mkdir -m 700 {NOTE.rpartition("/")[0]}; touch {NOTE}')
    host.run(debs.back(host))
    host.run(STOCK_WORKS)
    assert not host.exists(NOTE.rpartition('/')[0])
    host.start_mariadb()
    assert debs.has_column(host)


def test_purging_in_the_safe_form_leaves_nova_its_configuration_and_its_data(host):
    host.start_mariadb()
    host.run(INSTALL)
    before = debs.nova(host)
    configuration = host.read('/etc/nova/nova.conf')
    assert 'apt-get install -y python3-nova' in host.run('nova-cascading uninstall').out
    host.run('apt-get purge -y python3-nova-cascading python3-nova+')
    stock = packages.field(packages.stock_debs(host.suite)[debs.STOCK], 'Version')
    assert debs.nova(host) == {**{name: stock for name in before if name != debs.FORK}, debs.STOCK: stock}
    assert host.read('/etc/nova/nova.conf') == configuration
    assert debs.has_column(host)
    assert host.run('find / -xdev -name "*nova-cascading*" -not -path "/proc/*" -not -path "/root/*" '
                    '-not -path "/srv/*" -not -path "/var/cache/apt/*" -not -path "/var/lib/apt/*"').out == ''
