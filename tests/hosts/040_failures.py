"""What goes wrong is refused early, said plainly, and mended by `dpkg --configure -a`; stock nova works meanwhile."""

from __future__ import annotations

import pytest

from tests.hosts.lib import debs, packages
from tests.hosts.lib.host import Host

INSTALL = 'apt-get install -y python-nova-cascading'
STOCK_WORKS = 'cd / && python3 -c "from nova import objects; objects.register_all()" && nova-manage --help >/dev/null'


@pytest.fixture
def host(make_host, ready) -> Host:
    made = make_host(*ready)
    made.serve('/srv/apt')
    return made


def test_dpkg_with_the_database_down_is_refused_and_stock_stays(host):
    before = debs.installed(host)
    refused = host.run('dpkg -B -i /root/fork.deb', check=False)
    assert refused.status != 0
    assert 'Connection refused' in refused.out
    assert 'auto_migrate = false' in refused.err
    assert debs.installed(host) == before
    assert host.run('dpkg --audit').out == ''
    host.run(STOCK_WORKS)


def test_apt_with_the_database_down_stops_unconfigured_and_goes_back_on_request(host):
    before = debs.installed(host)
    stopped = host.run(INSTALL, check=False)
    assert stopped.status != 0
    assert 'Connection refused' in stopped.out
    assert 'apt-get install python3-nova' in stopped.err
    assert debs.FORK not in debs.installed(host)
    host.run('apt-get install -y python3-nova')
    assert debs.installed(host) == before
    host.run(STOCK_WORKS)


def test_apt_with_the_database_down_is_completed_once_it_is_back(host):
    assert host.run(INSTALL, check=False).status != 0
    host.start_mariadb()
    host.run('dpkg --configure -a')
    assert debs.FORK in debs.installed(host)
    assert debs.has_column(host)


def test_auto_migrate_off_installs_without_the_database_and_says_what_to_run(host):
    host.run('crudini --set /etc/nova/nova.conf cascading auto_migrate false')
    done = host.run(INSTALL)
    assert 'nova-cascading db sync' in done.out
    host.start_mariadb()
    assert not debs.has_column(host)
    assert host.run('nova-cascading db check', check=False).status == 1
    host.run('nova-cascading db sync')
    assert debs.has_column(host)


def test_a_host_without_nova_conf_has_nothing_to_migrate(host):
    host.run('rm /etc/nova/nova.conf')
    host.run(INSTALL)
    assert debs.FORK in debs.installed(host)


def test_a_database_without_tables_is_left_to_nova_whose_sync_then_adds_the_column(host):
    host.start_mariadb()
    host.sql('DROP DATABASE nova; CREATE DATABASE nova CHARACTER SET utf8', 'mysql')
    assert 'nova-manage db sync' in host.run(INSTALL).out
    assert host.sql('SHOW TABLES') == []
    host.run("su nova -s /bin/sh -c 'nova-manage db sync'")
    assert [debs.has_column(host, 'nova', table) for table in ('instances', 'shadow_instances')] == [True, True]


def test_the_fork_can_be_removed_with_the_database_down(host):
    host.start_mariadb()
    host.run(INSTALL)
    host.run('mysqladmin shutdown')
    host.run('apt-get install -y python3-nova')
    host.run(STOCK_WORKS)
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
