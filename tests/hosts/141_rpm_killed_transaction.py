"""A dnf killed while the database is being migrated leaves a sound rpm database; one command finishes the rest."""

from tests.hosts.lib.rpm_host import (
    BOTH_TABLES,
    FORK,
    SITE,
    STOCK,
    evr,
    fork,
    is_consistent,
    novas,
    offer,
    put,
    tables_with_mapping,
)
from tests.hosts.lib.sql import hold_lock

NOTE = '/var/lib/nova-cascading/catch-up'
# The brackets keep pkill from finding the shell that runs it.
KILL = "pkill -KILL -f '[d]nf -y install'; pkill -KILL -f '[n]ova-cascading db sync'"

ERRATUM = '1:26.3.0-2'
COMPILING = f'[c]ompileall -q -f {SITE}/nova'


def kill_in_post(host, command):
    """dnf dies while the fork's %post makes byte code: its entry and files are there, nothing has gone yet."""
    dnf = host.spawn(f'{command} >/root/log 2>&1')
    host.run(f"until pgrep -f '{COMPILING}'; do sleep 0.02; done; pkill -KILL -f '[{command[0]}]{command[1:]}';"
             f"pkill -KILL -f '{COMPILING}'", timeout=120)
    assert dnf.wait(30) != 0


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


def test_from_upgrades_killed_between_the_new_files_and_the_old_entries_uninstall_leads_back(make_host):
    host = make_host('bookworm', 'rpm')
    offer(host, fork())
    host.run('dnf -y install python3-nova-cascading')
    offer(host, fork(revision=2))
    kill_in_post(host, 'dnf -y upgrade')
    assert len(host.run('rpm -q python3-nova-cascading').out.splitlines()) == 2
    host.run('rpm -e python3-nova-cascading-26.3.0-1.cascading1')  # as docs/rpm.md says
    assert evr(host, 'python3-nova-cascading') == '1:26.3.0-1.cascading2' and is_consistent(host)

    host.run(f'rpm -i --oldpackage --nodeps --replacefiles {put(host, fork())}')
    assert len(host.run('rpm -q python3-nova-cascading').out.splitlines()) == 2
    assert 'dnf swap' in host.run('nova-cascading uninstall').out
    told = host.run('nova-cascading uninstall --from /srv/stock').out
    for line in [line for line in told.splitlines() if line.startswith('    rpm ')]:
        host.run(line)
    assert novas(host) == STOCK and is_consistent(host)

    offer(host, fork(stock=ERRATUM))
    kill_in_post(host, 'dnf -y install --enablerepo=erratum python3-nova-cascading')
    assert novas(host) == FORK | STOCK and evr(host, 'openstack-nova-common') == '1:26.3.0-1'
    refused = host.run('nova-cascading uninstall --yes --from /srv/erratum', check=False)
    assert refused.status == 1 and '\n  dnf upgrade, where' in refused.err
    host.run('dnf -y upgrade --enablerepo=erratum')
    host.run('nova-cascading uninstall --yes --from /srv/erratum')
    assert {evr(host, name) for name in STOCK} == {ERRATUM}
    assert novas(host) == STOCK and is_consistent(host)
