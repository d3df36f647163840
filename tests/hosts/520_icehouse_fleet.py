"""Icehouse, more than one host and more than one release: mixed fleets, the next release, and ports with a profile."""

from __future__ import annotations

import pytest

from tests import repositories
from tests.hosts.lib import contract, icehouse, signed
from tests.hosts.lib.cloud import Cloud
from tests.repositories import Publisher


@pytest.fixture(scope='module')
def repository(tmp_path_factory):
    """Our signed repository, empty yet."""
    with repositories.signer() as home:
        yield Publisher(tmp_path_factory.mktemp('repository') / 'repo', home)


@pytest.fixture(scope='module')
def cloud(module_host, fork_of, repository) -> Cloud:
    """A booted controller whose stock 2014.1.2 gave way to the fork of it."""
    icehouse.require('2014.1.2', '2014.1.5')
    host = module_host(icehouse.SUITE, 'icehouse-2014.1.2')
    host.boot()
    icehouse.start(host)
    icehouse.publish(repository, '2014.1.2', fork_of)
    signed.subscribe(host, repository, icehouse.OURS)
    host.run('apt-get install -y python-nova-cascading')
    icehouse.wait_for_services(host)
    return icehouse.cloud(host)


@pytest.fixture(scope='module')
def stock(module_host, cloud) -> Cloud:
    host = module_host(icehouse.SUITE, 'icehouse-2014.1.2', beside=cloud.host)
    host.run("sed -i 's/^host = testhost/host = stockhost/' /etc/nova/nova.conf")
    return icehouse.cloud(host)


class TestMixedFleets(contract.MixedFleets):
    pass


class TestPorts(contract.Ports):
    pass


def test_the_next_release_comes_fork_to_fork_and_mappings_stay(cloud, fork_of, repository):
    host, (instance, server) = cloud.host, cloud.mapped()
    icehouse.publish(repository, '2014.1.5', fork_of)
    signed.refresh(host, repository)
    host.run('apt-get -y -o Dpkg::Options::=--force-confold dist-upgrade')
    versions = host.run("dpkg-query -W -f '${Package} ${Version}\\n' 'nova-*' python-nova-cascading").out
    assert versions.count(' 1:2014.1.5-0ubuntu1') == 6, versions
    cloud.manage('db sync')
    icehouse.wait_for_services(host)
    cloud.hang_up()
    assert cloud.client('get', instance) == server
    assert host.sql("SELECT version FROM migrate_version WHERE repository_id = 'nova'") == [('234',)]
    assert host.run('nova-cascading db check').status == 0
