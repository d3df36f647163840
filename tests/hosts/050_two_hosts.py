"""Two controllers that share a database may install at the same moment."""

from __future__ import annotations

import pytest

from tests.hosts.lib import debs


@pytest.mark.parametrize('suite', ['bookworm'])  # the servers' locks decide: 201 has them on every server
def test_both_installations_succeed_and_the_column_is_added_once(make_host, fork_of, suite):
    one = make_host(suite, 'stack')
    one.start_mariadb()
    two = make_host(suite, 'stack', beside=one)
    for host in (one, two):
        debs.leave_uncompiled(host)
        debs.offer_fork(host, fork_of(suite, 1, *debs.DEB))
    line = 'apt-get install -y python-nova-cascading >/root/apt.log 2>&1'
    running = [host.spawn(line) for host in (one, two)]
    assert [process.wait(300) for process in running] == [0, 0], [host.read('/root/apt.log') for host in (one, two)]
    logs = one.read('/root/apt.log') + two.read('/root/apt.log')
    assert logs.count('ADD COLUMN') == 2 * len(('instances', 'shadow_instances')), logs
    for host in (one, two):
        assert debs.FORK in debs.installed(host)
        host.run('nova-cascading db check')
    assert [debs.has_column(one, name) for name in ('nova', 'nova_cell0')] == [True, True]
