"""A dnf killed while the database is being migrated leaves a sound rpm database; one command finishes the rest."""

from tests.hosts.lib.rpm_host import BOTH_TABLES, FORK, fork, is_consistent, novas, put, tables_with_mapping
from tests.hosts.lib.sql import hold_lock

NOTE = '/var/lib/nova-cascading/catch-up'
# The brackets keep pkill from finding the shell that runs it.
KILL = "pkill -KILL -f '[d]nf -y install'; pkill -KILL -f '[n]ova-cascading db sync'"


def test_killed_in_posttrans(make_host):
    host = make_host('bookworm', 'rpm')
    host.start_mariadb()
    release = hold_lock(host)
    dnf = host.spawn(f'dnf -y install {put(host, fork())} >/root/log 2>&1')
    host.run("until pgrep -f '[n]ova-cascading db sync'; do sleep 0.2; done", timeout=120)
    host.run(KILL)
    assert dnf.wait(30) != 0

    assert novas(host) == FORK
    assert is_consistent(host)
    assert host.run('nova-cascading db check --gate', check=False).status == 1
    assert tables_with_mapping(host) == set()
    assert host.exists(NOTE)  # for the next boot

    release()
    host.run('nova-cascading db sync && nova-cascading services restart-running')
    assert not host.exists(NOTE)
    assert tables_with_mapping(host) == BOTH_TABLES
    host.run('nova-cascading db check --gate')
    host.run('dnf -y upgrade')


def test_killed_between_the_two_tables(make_host):
    host = make_host('bookworm', 'rpm')
    host.start_mariadb()
    host.run(f'dnf -y install {put(host, fork())}', env={'NOVA_CASCADING_FAULT': 'after-column:shadow_instances'})
    assert novas(host) == FORK
    assert is_consistent(host)
    assert tables_with_mapping(host) == {'shadow_instances'}
    host.run('nova-cascading db sync')
    assert tables_with_mapping(host) == BOTH_TABLES
