"""Icehouse under Python 2.7: the swap, the column beside upstream's own migration 234, and the way back."""

import pytest

from tests.hosts.lib.rpm_host import (
    BOTH_TABLES,
    ICEHOUSE,
    MAPPING,
    SERVICES,
    fork,
    is_consistent,
    map_an_instance,
    mapping,
    novas,
    put,
    tables_with_mapping,
)

pytestmark = ICEHOUSE
STOCK = SERVICES | {'python-nova'}
FORK = SERVICES | {'python-nova-cascading'}
SITE = '/usr/lib/python2.7/site-packages/nova'


@pytest.fixture(scope='module')
def host(module_host):
    host = module_host('bullseye', 'rpm-icehouse')
    host.boot()
    host.service('openstack-nova-conductor').start()
    return host


def test_installing_it_swaps_migrates_and_restarts(host):
    conductor = host.service('openstack-nova-conductor')
    before = conductor.pid
    host.run(f'dnf -y install {put(host, fork("2014.1.5"))}')
    assert novas(host) == FORK
    assert is_consistent(host)
    assert tables_with_mapping(host) == BOTH_TABLES
    assert conductor.is_active and conductor.pid != before
    assert not host.service('openstack-nova-api').is_active


def test_upstreams_migration_234_and_the_forks_stand_side_by_side(host):
    versions = dict(host.sql('SELECT repository_id, version FROM migrate_version'))
    assert versions == {'nova': '234', 'nova_cascading': '234'}
    host.run("su nova -s /bin/sh -c 'nova-manage db sync'")


def test_byte_code_is_made_on_the_host_and_belongs_to_the_package(host):
    assert host.exists(f'{SITE}/cascading/cli.pyc')
    assert host.run(f'rpm -qf {SITE}/cascading/cli.pyc').out.startswith('python-nova-cascading-')


def test_back_to_stock_and_forward_again(host):
    map_an_instance(host)
    host.run('nova-cascading uninstall --yes')
    assert novas(host) == STOCK
    assert is_consistent(host)
    assert not host.exists(f'{SITE}/cascading')
    assert host.service('openstack-nova-conductor').is_active
    host.run(f'yum -y localinstall {put(host, fork("2014.1.5"))}')
    assert novas(host) == FORK
    assert mapping(host) == MAPPING
