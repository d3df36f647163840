"""`nova-cascading-preflight`, run before dnf on stock nova, foresees what the migration will meet; changes nothing."""

from tests.hosts.lib.rpm_host import fork, only_rows, tables_with_mapping


def preflight(host):
    host.put(fork().with_name('nova-cascading-preflight'), '/root/nova-cascading-preflight')
    return host.run('./nova-cascading-preflight', check=False)


def test_a_sound_host_may_go_on(make_host):
    host = make_host('bookworm', 'rpm')
    host.start_mariadb()
    assert preflight(host).status == 0
    wrong = host.run('./nova-cascading-preflight --config-fil /nonexistent.conf', check=False)
    assert (wrong.status, 'unknown argument: --config-fil' in wrong.err) == (2, True)
    assert 'Usage: nova-cascading-preflight' in host.run('./nova-cascading-preflight --help').out
    assert tables_with_mapping(host) == set()


def test_a_database_that_is_down_is_a_reason_to_wait(make_host):
    host = make_host('bookworm', 'rpm')
    done = preflight(host)
    assert done.status == 3
    assert 'see that the database server runs' in done.out
    assert 'nova:nova' not in done.out + done.err
    # Where RDO's units lead, which start nova-conductor without arguments.
    host.run('install -D /dev/null /usr/share/nova/nova-dist.conf; cd /etc/nova; '
             'crudini --set nova-conductor.conf database connection "$(crudini --get nova.conf database connection)"; '
             'crudini --del nova.conf database connection')
    again = preflight(host)
    assert (again.status, again.out) == (3, done.out)


def test_another_python3_than_nova_s_hides_no_database(make_host):
    """As on EL8, where `alternatives --set python3` names one that has no nova."""
    host = make_host('bookworm', 'rpm')
    host.run('ln -sf false /usr/bin/python3')
    done = preflight(host)
    assert (done.status, 'see that the database server runs' in done.out) == (3, True)
    host.run('mv /usr/bin/python3.11 /root')
    done = preflight(host)
    assert (done.status, 'python3-nova is installed, but no Python' in done.out) == (3, True)


def test_a_user_who_may_not_alter_tables_is_named_with_the_way_out(make_host):
    host = make_host('bookworm', 'rpm')
    host.start_mariadb()
    only_rows(host)
    done = preflight(host)
    assert done.status == 1
    assert 'lacks ALTER' in done.out and 'GRANT ALTER' in done.out


def test_without_nova_there_is_nothing_to_ask(make_host):
    host = make_host('bookworm', 'base')
    assert preflight(host).status == 0
    host.run('mkdir -p /etc/nova; echo "[database]" >/etc/nova/nova.conf')  # configuration management comes first
    assert preflight(host).status == 0
