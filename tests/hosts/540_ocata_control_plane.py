"""Nova 15.1.5 from PyPI under Python 2.7, forked by install.sh: what proxies and operators are promised."""

from __future__ import annotations

import pytest

from tests.hosts.lib import contract, unpackaged
from tests.hosts.lib.cells import Cell
from tests.hosts.lib.cloud import Cloud
from tests.hosts.lib.host import Host
from tests.hosts.lib.services import wait_for

NOVA = unpackaged.PIP[0]
CONDUCTOR = 'rabbitmqctl -q list_consumers | grep -qw conductor'


def conducted(host: Host) -> Cloud:
    """A cloud whose conductor is started by hand."""
    def restart() -> None:
        made.stop_conductor('conductor')
        made.start_conductor('conductor')
        wait_for(host, CONDUCTOR, 90)
    made = Cloud(host, restart, NOVA.python, NOVA.programs)
    return made


@pytest.fixture(scope='module')
def cloud(module_host) -> Cloud:
    host = module_host(NOVA.suite, NOVA.layer)
    host.put(unpackaged.bundle(NOVA.version), '/srv/bundle')
    host.start_mariadb()
    host.start_rabbit()
    made = conducted(host)
    host.run('mysqldump nova | mysql nova_cell0')  # what db sync would make of it, but at once
    made.manage('cell_v2 map_cell0')
    made.manage('cell_v2 create_cell --name cell1')
    made.run('sh /srv/bundle/installation/install.sh')
    made.start_conductor('conductor')
    wait_for(host, CONDUCTOR, 90)
    return made


@pytest.fixture(scope='module')
def cell(cloud) -> Cell:
    return Cell(cloud)


@pytest.fixture(scope='module')
def stock(module_host, cloud) -> Cloud:
    host = module_host(NOVA.suite, NOVA.layer, beside=cloud.host)
    host.run("sed -i 's/^host = testhost/host = stockhost/' /etc/nova/nova.conf")
    return conducted(host)


class TestMappings(contract.Mappings):
    pass


class TestOlderClients(contract.OlderClients):
    pass


class TestMixedFleets(contract.MixedFleets):
    pass


class TestPorts(contract.Ports):
    pass


class TestCells(contract.Cells):
    pass
