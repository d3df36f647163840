"""Icehouse, more than one host and more than one release: mixed fleets, the next release, and ports with a profile."""

from __future__ import annotations

import json
import uuid

import pytest

from tests import repositories
from tests.hosts.lib import icehouse, signed
from tests.hosts.lib.services import wait_for
from tests.repositories import Publisher

SERVER = str(uuid.uuid4())
NETWORK, PORT = '11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'
STOCK_CONDUCTOR = 'nova-conductor --config-file /etc/nova/nova.conf --log-file /var/log/nova/beside.log'


@pytest.fixture(scope='module')
def repository(tmp_path_factory):
    """Our signed repository, empty yet."""
    with repositories.gnupg() as home:
        yield Publisher(tmp_path_factory.mktemp('repository') / 'repo', home)


@pytest.fixture(scope='module')
def fork(module_host, fork_of, repository):
    """A booted controller whose stock 2014.1.2 gave way to the fork of it."""
    icehouse.require('2014.1.2', '2014.1.5')
    host = module_host(icehouse.SUITE, 'icehouse-2014.1.2')
    host.boot()
    icehouse.start(host)
    icehouse.publish(repository, '2014.1.2', fork_of)
    signed.subscribe(host, repository, icehouse.OURS)
    host.run('apt-get install -y python-nova-cascading')
    icehouse.wait_for_services(host)
    return host


def test_a_stock_conductor_beside_a_forked_proxy_is_found_out(fork, module_host):
    other = module_host(icehouse.SUITE, 'icehouse-2014.1.2', beside=fork)
    other.run("sed -i 's/^host = testhost/host = stockhost/' /etc/nova/nova.conf")
    beside = other.spawn(f'exec su nova -c "exec {STOCK_CONDUCTOR}"')
    try:
        icehouse.wait_for_services(fork, 4)
        told = fork.run('nova-cascading status', check=False)
        assert told.status == 1
        assert 'conductor on testhost: keeps mappings' in told.out
        assert 'conductor on stockhost: LOSES mappings: stock nova' in told.out
    finally:
        other.run('pkill -u nova -f nova-conductor', check=False)
        beside.kill()


@pytest.mark.parametrize('profile', [{'physical_network': 'top', 'cascaded': 'port-7'}, None], ids=['profile', 'none'])
def test_a_port_keeps_its_binding_profile_when_an_instance_takes_it(fork, profile):
    number, log = (9696, '/tmp/with') if profile else (9697, '/tmp/without')
    fork.put(icehouse.INSIDE / 'fake_neutron.py', '/srv/fake_neutron.py')
    fork.spawn(f"exec python3 /srv/fake_neutron.py {number} {log} '{json.dumps(profile)}'")
    wait_for(fork, f'curl -sf http://127.0.0.1:{number}/v2.0/ports.json', 20)
    fork.write('/etc/nova/neutron.conf', f'[DEFAULT]\nnetwork_api_class = nova.network.neutronv2.api.API\n'
                                         f'neutron_url = http://127.0.0.1:{number}\nneutron_auth_strategy = noauth\n')
    instance = icehouse.client(fork, 'create', 'testhost')
    icehouse.client(fork, 'port', instance, NETWORK, PORT)
    sent = [json.loads(line)['body']['port'] for line in fork.read(log).splitlines()]
    assert sent[0]['device_id'] == instance and sent[0]['binding:host_id'] == 'testhost'
    assert sent[0].get('binding:profile') == profile


def test_the_next_release_comes_fork_to_fork_and_mappings_stay(fork, fork_of, repository):
    instance = icehouse.client(fork, 'create', 'testhost')
    fork.run(f'nova-cascading mapping set {instance} {SERVER}')
    icehouse.publish(repository, '2014.1.5', fork_of)
    signed.refresh(fork, repository)
    fork.run('apt-get -y -o Dpkg::Options::=--force-confold dist-upgrade')
    versions = fork.run("dpkg-query -W -f '${Package} ${Version}\\n' 'nova-*' python-nova-cascading").out
    assert versions.count(' 1:2014.1.5-0ubuntu1') == 6, versions
    fork.run('su nova -c "nova-manage db sync"')
    icehouse.wait_for_services(fork)
    assert icehouse.client(fork, 'get', instance) == SERVER
    assert fork.sql("SELECT version FROM migrate_version WHERE repository_id = 'nova'") == [('234',)]
    assert fork.run('nova-cascading db check').status == 0
