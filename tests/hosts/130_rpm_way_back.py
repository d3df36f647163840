"""Back to stock and forward again: no mapping is lost, and the services that run, run what is installed."""

import pytest

from tests.hosts.lib.rpm_host import (
    FORK,
    MAPPING,
    SITE,
    STOCK,
    fork,
    is_consistent,
    map_an_instance,
    mapping,
    novas,
    offer,
)

GATE = '/usr/lib/systemd/system/openstack-nova-conductor.service.d'


@pytest.fixture(scope='module')
def host(module_host):
    """A booted host with the fork, a running conductor, and one mapping."""
    host = module_host('bookworm', 'rpm')
    host.boot()
    offer(host, fork())
    host.run('dnf -y install python3-nova-cascading')
    host.service('openstack-nova-conductor').start()
    map_an_instance(host)
    return host


@pytest.mark.parametrize('way', ['dnf -y history undo last', 'nova-cascading uninstall --yes'])
def test_back_and_forward_again(host, way):
    conductor = host.service('openstack-nova-conductor')
    forked = conductor.pid
    host.run(way)
    assert novas(host) == STOCK
    assert is_consistent(host)
    assert conductor.is_active and conductor.pid != forked
    assert not host.exists(GATE) and not host.exists(f'{SITE}/nova/cascading')
    assert mapping(host) == MAPPING

    host.run('dnf -y upgrade')
    assert novas(host) == STOCK

    stock = conductor.pid
    host.run('dnf -y install python3-nova-cascading')
    assert novas(host) == FORK
    assert conductor.is_active and conductor.pid != stock
    assert mapping(host) == MAPPING


def test_without_yes_the_way_back_is_only_told(host):
    told = host.run('nova-cascading uninstall').out
    assert 'dnf swap -y --allowerasing python3-nova-cascading python3-nova-1:26.3.0-1' in told
    assert novas(host) == FORK


def test_a_stock_library_that_is_asked_for_by_name_says_nothing_and_does_nothing(host):
    """Why `nova-cascading uninstall` exists: the fork provides the name, so dnf has nothing to do."""
    assert 'Nothing to do' in host.run('dnf -y install python3-nova').out
    assert novas(host) == FORK
