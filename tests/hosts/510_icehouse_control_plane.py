"""Icehouse with real services: the fork arrives by apt, mappings stay through everything an operator does to them."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from tests import repositories
from tests.hosts.lib import contract, icehouse, signed
from tests.hosts.lib.cloud import Cloud, new_uuid
from tests.repositories import Publisher


@pytest.fixture(scope='module', params=icehouse.RELEASES)
def swap(request, module_host, fork_of, tmp_path_factory) -> SimpleNamespace:
    """A booted controller: stock nova from packages, at work, then swapped by apt from our signed repository."""
    icehouse.require(request.param)
    host = module_host(icehouse.SUITE, f'icehouse-{request.param}')
    host.boot()
    icehouse.start(host)
    with repositories.signer() as home:
        repository = Publisher(tmp_path_factory.mktemp('repository') / 'repo', home)
        icehouse.publish(repository, request.param, fork_of)
        signed.subscribe(host, repository, icehouse.OURS)
    before = icehouse.cloud(host).client_once('create', 'testhost')
    pids = {name: host.service(name).pid for name in icehouse.SERVICES}
    said = host.run('apt-get install -y python-nova-cascading')
    icehouse.wait_for_services(host)
    return SimpleNamespace(host=host, before=before, pids=pids, said=said)


@pytest.fixture(scope='module')
def cloud(swap) -> Cloud:
    return icehouse.cloud(swap.host)


def test_the_swap_migrates_and_restarts_what_ran(swap):
    assert 'dpkg: error' not in swap.said.out + swap.said.err
    assert swap.host.run('nova-cascading db check').out.count('in place') == 1
    for name in icehouse.SERVICES:
        assert swap.host.service(name).is_active, swap.host.service(name).journal()
        assert swap.host.service(name).pid != swap.pids[name]


def test_an_instance_from_before_has_no_mapping_yet(swap, cloud):
    assert cloud.client('get', swap.before) == 'none'
    assert cloud.tool(f'show {swap.before}')['mapping_uuid'] is None


def test_the_api_answers_and_lists_what_a_proxy_has_mapped(cloud):
    instance, _ = cloud.mapped()
    asked = "curl -sf -H 'X-Auth-Token: proxy:demo' http://127.0.0.1:8774/v2/demo/servers"
    told = json.loads(cloud.host.run(asked).out)['servers']
    assert [server['name'] for server in told if server['id'] == instance] == ['proxied']


def test_what_a_proxy_sets_in_the_way_of_its_time_is_found(cloud):
    instance, server = cloud.new(), new_uuid()
    cloud.client('update', instance, server)
    assert cloud.client('get', instance) == server
    assert [row['instance_uuid'] for row in cloud.tool(f'find {server}')] == [instance]


class TestMappings(contract.Commands, contract.Mappings):
    pass


class TestOlderClients(contract.OlderClients):
    pass


def test_the_way_back_to_stock_and_forward_again_keeps_them(cloud):
    host, (instance, server) = cloud.host, cloud.mapped()
    host.run('apt-get install -y python-nova+')
    host.run(f'systemctl restart {" ".join(icehouse.SERVICES)}')
    icehouse.wait_for_services(host)
    cloud.hang_up()
    assert cloud.client('get', instance) == 'no such field'
    host.run('su nova -c "nova-manage db sync"')
    host.run('apt-get install -y python-nova-cascading')
    icehouse.wait_for_services(host)
    cloud.hang_up()
    assert cloud.client('get', instance) == server
