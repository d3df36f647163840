"""The fork's own upgrades arrive by `dnf upgrade`; the vendor's erratum waits for a fork of it, and nothing breaks."""

import pytest

from tests.hosts.lib.rpm_host import FORK, MAPPING, evr, fork, is_consistent, map_an_instance, mapping, novas, offer

ERRATUM = '1:26.3.0-2'


@pytest.fixture
def host(make_host):
    """A host with the fork of the first stock version, one mapping, and the vendor's erratum on offer."""
    host = make_host('bookworm', 'rpm')
    host.start_mariadb()
    offer(host, fork())
    host.run('dnf -y install python3-nova-cascading')
    map_an_instance(host)
    return host


def test_a_newer_fork_upgrades(host):
    offer(host, fork(revision=2))
    done = host.run('dnf -y upgrade')
    assert evr(host, 'python3-nova-cascading') == '1:26.3.0-1.cascading2'
    assert 'nothing to do' in done.out
    assert is_consistent(host)
    assert mapping(host) == MAPPING


def test_an_erratum_without_a_fork_of_it_changes_nothing(host):
    host.run('dnf -y upgrade --enablerepo=erratum', check=False)
    assert {evr(host, name) for name in FORK - {'python3-nova-cascading'}} == {'1:26.3.0-1'}
    assert evr(host, 'python3-nova-cascading') == '1:26.3.0-1.cascading1'
    assert is_consistent(host)


def test_an_erratum_and_its_fork_arrive_together(host):
    offer(host, fork(stock=ERRATUM))
    host.run('dnf -y upgrade --enablerepo=erratum')
    assert {evr(host, name) for name in FORK - {'python3-nova-cascading'}} == {ERRATUM}
    assert evr(host, 'python3-nova-cascading') == f'{ERRATUM}.cascading1'
    assert novas(host) == FORK
    assert is_consistent(host)
    assert mapping(host) == MAPPING
