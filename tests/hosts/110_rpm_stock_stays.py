"""A repository of the fork on a host changes nothing by itself: only an explicit install swaps."""

import pytest

from tests.hosts.lib.rpm_host import FORK, STOCK, fork, novas, offer


@pytest.fixture
def host(make_host):
    host = make_host('bookworm', 'rpm')
    offer(host, fork())
    return host


def test_plain_upgrade_keeps_stock(host):
    host.run('dnf -y upgrade')
    assert novas(host) == STOCK


def test_the_priority_is_what_keeps_it(host):
    host.run("sed -i /priority/d /etc/yum.repos.d/fork.repo")
    assert 'python3-nova-cascading' in host.run('dnf -y upgrade --assumeno', check=False).out


def test_a_fresh_install_of_a_service_takes_stock(host):
    host.run('dnf -y remove python3-nova')
    assert novas(host) == set()
    host.run('dnf -y install openstack-nova-api')
    assert novas(host) == {'openstack-nova-api', 'openstack-nova-common', 'python3-nova'}


def test_asking_for_it_by_either_name_swaps(host):
    host.start_mariadb()
    host.run('dnf -y install python-nova-cascading')
    assert novas(host) == FORK
    assert 'Nothing to do' in host.run('dnf -y install python3-nova-cascading').out
