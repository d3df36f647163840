"""A migration that fails is told on the terminal and in the journal, stops no service, and keeps new code from a
database that it cannot use; one command then puts all right."""

import time

import pytest

from tests.hosts.lib.rpm_host import (
    BOTH_TABLES,
    FORK,
    fork,
    is_consistent,
    novas,
    only_rows,
    put,
    tables_with_mapping,
)
from tests.hosts.lib.services import PATIENCE, do_without_bus, wait_for
from tests.hosts.lib.sql import hold_lock

CATCH_UP = 'nova-cascading-catch-up.service'
NOTE = '/var/lib/nova-cascading/catch-up'
NEXT = 'Next: nova-cascading db sync && nova-cascading services restart-running'


@pytest.fixture
def host(make_host):
    """A booted host with stock nova and a running conductor."""
    host = make_host('bookworm', 'rpm')
    do_without_bus(host)
    host.boot()
    host.service('openstack-nova-conductor').start()
    return host


def wait_for_report(host):
    """A conductor that the database refuses while it starts ends by itself, though systemd counts it as up."""
    until = time.monotonic() + PATIENCE
    while host.sql("SELECT count(*) FROM services WHERE topic = 'conductor' AND report_count > 0") == [('0',)]:
        assert time.monotonic() < until, host.service('openstack-nova-conductor').journal()
        time.sleep(1)


def install(host):
    """Install the fork; dnf itself is content, as a scriptlet never fails."""
    done = host.run(f'dnf -y install {put(host, fork())}')
    assert novas(host) == FORK
    assert is_consistent(host)
    return done.out + done.err


def test_a_refused_change_leaves_the_services_as_they_were_and_closes_the_gate(host):
    only_rows(host)
    conductor = host.service('openstack-nova-conductor')
    before = conductor.pid

    said = install(host)

    assert NEXT in said
    assert NEXT in host.run('journalctl -t nova-cascading --no-pager').out
    assert conductor.is_active and conductor.pid == before
    assert tables_with_mapping(host) == set()
    assert host.run('nova-cascading services restart-running', check=False).status != 0
    assert conductor.pid == before

    assert host.run('systemctl restart openstack-nova-conductor', check=False).status != 0
    assert 'nova-cascading db sync' in conductor.journal()

    host.sql('GRANT ALL ON nova.* TO nova@localhost')
    host.run('nova-cascading db sync')
    conductor.start()
    assert conductor.is_active
    assert tables_with_mapping(host) == BOTH_TABLES

    host.sql('ALTER TABLE instances DROP COLUMN mapping_uuid; ALTER TABLE shadow_instances DROP COLUMN mapping_uuid')
    only_rows(host)
    host.write('/run/systemd/system/openstack-nova-conductor.service.d/mute.conf', '[Service]\nStandardOutput=null\n')
    host.run('systemctl enable openstack-nova-conductor; journalctl --rotate --vacuum-size=1')
    assert host.run('systemctl restart openstack-nova-conductor', check=False).status != 0
    host.sql('GRANT ALL ON nova.* TO nova@localhost')
    host.run(NEXT.partition(': ')[2])
    assert conductor.is_active, 'what the gate has said there reaches no journal'


def test_a_table_that_a_dump_holds_is_given_up_on_and_the_migration_made_up_for_when_it_ends(host):
    host.run('crudini --set /etc/nova/nova.conf cascading lock_retries 1;'
             'crudini --set /etc/nova/nova.conf cascading lock_wait_timeout 1')
    host.write(f'/etc/systemd/system/{CATCH_UP}.d/soon.conf', '[Service]\nRestartSec=3\n')
    release = hold_lock(host)
    conductor = host.service('openstack-nova-conductor')
    before = conductor.pid

    said = install(host)
    assert NEXT in said and f'{CATCH_UP} migrates and restarts as soon as it can' in said
    tried = f'test $(journalctl -u {CATCH_UP} | grep -c "run this again when it has ended") -ge'
    wait_for(host, f'{tried} 2')
    assert conductor.is_active and conductor.pid == before
    host.run(f'rpm -U --replacepkgs {put(host, fork())}')
    wait_for(host, f'{tried} 4')  # it goes on
    assert 'attempt 2' not in host.run(f'journalctl -u {CATCH_UP}').out, 'others wait for each'

    release()
    wait_for(host, f'test ! -e {NOTE} && systemctl show -p ActiveState {CATCH_UP} | grep inactive')
    assert conductor.is_active and conductor.pid != before
    assert tables_with_mapping(host) == BOTH_TABLES


def test_a_database_that_is_down_is_told_too(host):
    host.run('systemctl stop mariadb')
    said = install(host)
    assert NEXT in said
    host.run('systemctl start mariadb')
    host.run(NEXT.partition(': ')[2])
    assert tables_with_mapping(host) == BOTH_TABLES


@pytest.mark.parametrize(('spoil', 'mend'), [
    ("ALTER USER nova@localhost IDENTIFIED BY 'other'", "ALTER USER nova@localhost IDENTIFIED BY 'nova'"),
    ('SET GLOBAL read_only = ON', 'SET GLOBAL read_only = OFF'),
], ids=['wrong password', 'read-only server'])
def test_a_server_that_refuses_is_told_and_nothing_is_changed(host, spoil, mend):
    conductor = host.service('openstack-nova-conductor')
    before = conductor.pid
    wait_for_report(host)
    host.sql(spoil, 'mysql')

    said = install(host)
    assert NEXT in said and 'nova:nova' not in said
    assert conductor.is_active and conductor.pid == before
    assert tables_with_mapping(host) == set()

    host.sql(mend, 'mysql')
    host.run(NEXT.partition(': ')[2])
    assert tables_with_mapping(host) == BOTH_TABLES


def test_auto_migrate_off_leaves_the_database_and_the_services_to_the_administrator(host):
    host.run('crudini --set /etc/nova/nova.conf cascading auto_migrate false')
    conductor = host.service('openstack-nova-conductor')
    before = conductor.pid
    assert 'auto_migrate = false' in install(host)
    assert not host.exists(NOTE)
    assert tables_with_mapping(host) == set()
    assert conductor.is_active and conductor.pid == before
