"""Debian 12's nova 26, forked by apt, with real services: what proxies and operators are promised."""

from __future__ import annotations

import pytest

from tests.hosts.lib import contract, debs
from tests.hosts.lib.cells import Cell
from tests.hosts.lib.cloud import Cloud
from tests.hosts.lib.services import wait_for_conductor


@pytest.fixture(scope='module')
def cloud(module_host, fork_of) -> Cloud:
    host = module_host('bookworm', 'stack')
    host.run('systemctl disable nova-api nova-scheduler')  # a proxy asks the conductor
    host.boot()
    debs.offer_fork(host, fork_of('bookworm', 1, *debs.DEB))
    host.run('apt-get install -y python-nova-cascading')
    wait_for_conductor(host)

    def restart() -> None:
        host.run('systemctl restart mariadb nova-conductor')
        wait_for_conductor(host)
    return Cloud(host, restart)


@pytest.fixture(scope='module')
def cell(cloud) -> Cell:
    return Cell(cloud)


@pytest.fixture(scope='module')
def stock(module_host, cloud) -> Cloud:
    host = module_host('bookworm', 'stack', beside=cloud.host)
    host.run('crudini --set /etc/nova/nova.conf DEFAULT host stockhost')
    return Cloud(host, cloud.restart)


class TestContract(contract.Everything):
    pass
