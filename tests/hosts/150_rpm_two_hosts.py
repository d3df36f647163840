"""Two controllers share one database: both installed in the same moment, both succeed, one of them adds the column."""

from tests.hosts.lib.rpm_host import BOTH_TABLES, FORK, fork, is_consistent, novas, put, tables_with_mapping


def test_both_installations_succeed(make_host):
    first = make_host('bookworm', 'rpm')
    first.start_mariadb()
    second = make_host('bookworm', 'rpm', beside=first)
    commands = [host.spawn(f'dnf -y install {put(host, fork())} >/root/log 2>&1') for host in (first, second)]
    assert [command.wait(300) for command in commands] == [0, 0]
    for host in (first, second):
        assert novas(host) == FORK
        assert is_consistent(host)
        assert 'was not migrated' not in host.read('/root/log')
    assert tables_with_mapping(first) == BOTH_TABLES
