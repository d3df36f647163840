"""Nova 15.1.5 from PyPI under Python 2.7, forked by install.sh: what proxies and operators are promised."""

from __future__ import annotations

import pytest

from tests.hosts.lib import contract, unpackaged
from tests.hosts.lib.cells import Cell
from tests.hosts.lib.cloud import Cloud, new_uuid
from tests.hosts.lib.host import Host
from tests.hosts.lib.services import wait_for_conductor

NOVA = unpackaged.PIP[0]
UNINSTALL = 'sh /var/lib/nova-cascading/installer/*/installation/uninstall.sh'


def conducted(host: Host) -> Cloud:
    """A cloud whose conductor is started by hand."""
    def restart() -> None:
        made.stop_conductor('conductor')
        made.start_conductor('conductor')
        wait_for_conductor(host)
    made = Cloud(host, restart, NOVA.python, NOVA.programs)
    return made


def install(to: Cloud) -> None:
    to.host.put(unpackaged.bundle(NOVA.version), '/srv/bundle')
    to.run('sh /srv/bundle/installation/install.sh')


@pytest.fixture(scope='module')
def cloud(module_host) -> Cloud:
    host = module_host(NOVA.suite, NOVA.layer)
    host.start_mariadb()
    host.start_rabbit()
    made = conducted(host)
    host.run('mysqldump nova | mysql nova_cell0')  # what db sync would make of it, but at once
    made.manage('cell_v2 map_cell0')
    made.manage('cell_v2 create_cell --name cell1')
    install(made)
    made.start_conductor('conductor')
    wait_for_conductor(host)
    return made


@pytest.fixture(scope='module')
def cell(cloud) -> Cell:
    return Cell(cloud)


@pytest.fixture(scope='module')
def stock(module_host, cloud) -> Cloud:
    host = module_host(NOVA.suite, NOVA.layer, beside=cloud.host)
    host.run("sed -i 's/^host = testhost/host = stockhost/' /etc/nova/nova.conf")
    return conducted(host)


@pytest.mark.everywhere
class TestCommands(contract.Commands):
    pass


class TestContract(contract.OfNova):
    pass


@pytest.mark.everywhere
class TestCommandsForCells(contract.CommandsForCells):
    pass


def test_a_second_controller_follows_and_status_is_content(cloud, stock):
    instance, server = cloud.new(), new_uuid()
    install(stock)
    stock.start_conductor('second')
    try:
        wait_for_conductor(cloud.host, 'conductor.stockhost')
        told = cloud.run('nova-cascading status').out
        assert 'conductor on testhost: keeps mappings' in told and 'conductor on stockhost: keeps mappings' in told
        cloud.run(f'nova-cascading mapping set {instance} {server}')
        assert cloud.client('get', instance) == server
    finally:
        stock.stop_conductor('second')
        cloud.host.sql("DELETE FROM services WHERE host = 'stockhost'")


def test_the_way_back_and_forward_again_keeps_mappings(cloud, stock):
    instance, server = cloud.mapped()
    stock.run(UNINSTALL)
    assert stock.client_once('get', instance) == 'no such field'
    install(stock)
    assert stock.client_once('get', instance) == server
