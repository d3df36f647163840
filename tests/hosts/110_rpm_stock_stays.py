"""A repository of the fork on a host changes nothing by itself: only an explicit install swaps."""

import pytest

from tests.hosts.lib.rpm_host import FORK, STOCK, evr, fork, novas, offer


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


def test_of_forks_that_the_host_cannot_all_have_the_newest_that_fits_is_installed_with_nobest(host):
    """dnf's own hint, --allowerasing, would take every service away."""
    offer(host, fork(stock='1:26.3.0-2'))
    host.run("sed -i 's/^best=.*/best=True/' /etc/dnf/dnf.conf")  # the default of EL8 and later
    refused = host.run('dnf -y install python-nova-cascading', check=False)
    assert refused.status == 1 and 'cannot install the best candidate for the job' in refused.err
    assert novas(host) == STOCK
    host.run('dnf -y install --nobest python-nova-cascading')
    assert novas(host) == FORK
    assert evr(host, 'python3-nova-cascading') == '1:26.3.0-1.cascading1'
