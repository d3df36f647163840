"""Icehouse with real services: the fork arrives by apt, mappings stay through everything an operator does to them."""

from __future__ import annotations

import csv
import json
import uuid
from types import SimpleNamespace

import pytest

from tests.hosts.lib import icehouse

RELEASE = '2014.1.5'


def new_uuid() -> str:
    return str(uuid.uuid4())


@pytest.fixture(scope='module')
def cloud(module_host, fork_of) -> SimpleNamespace:
    """A booted controller: stock nova from packages, at work, then swapped by apt."""
    icehouse.require(RELEASE)
    host = module_host(icehouse.SUITE, f'icehouse-{RELEASE}')
    host.boot()
    icehouse.start(host)
    icehouse.offer(host, RELEASE, fork_of)
    before = icehouse.client(host, 'create', 'testhost')
    pids = {name: host.service(name).pid for name in icehouse.SERVICES}
    swap = host.run('apt-get install -y python-nova-cascading')
    icehouse.wait_for_services(host)
    return SimpleNamespace(host=host, before=before, pids=pids, swap=swap)


def mapped(cloud, how: str = 'update') -> tuple[str, str]:
    """A new instance and the mapping that a proxy gave it."""
    instance, server = icehouse.client(cloud.host, 'create', 'testhost'), new_uuid()
    icehouse.client(cloud.host, how, instance, server)
    return instance, server


def tool(cloud, words: str):
    return json.loads(cloud.host.run(f'nova-cascading mapping {words} --format json').out)


def test_the_swap_migrates_and_restarts_what_ran(cloud):
    assert 'dpkg: error' not in cloud.swap.out + cloud.swap.err
    assert cloud.host.run('nova-cascading db check').out.count('in place') == 1
    for name in icehouse.SERVICES:
        assert cloud.host.service(name).is_active, cloud.host.service(name).journal()
        assert cloud.host.service(name).pid != cloud.pids[name]


def test_an_instance_from_before_has_no_mapping_yet(cloud):
    assert icehouse.client(cloud.host, 'get', cloud.before) == 'none'
    assert tool(cloud, f'show {cloud.before}')['mapping_uuid'] is None


@pytest.mark.parametrize('how', ['update', 'save'])
def test_what_a_proxy_sets_through_the_conductor_is_found_both_ways(cloud, how):
    instance, server = mapped(cloud, how)
    assert icehouse.client(cloud.host, 'get', instance) == server
    assert f'{instance} {server}' in icehouse.client(cloud.host, 'list', 'testhost')
    assert tool(cloud, f'show {instance}')['mapping_uuid'] == server
    assert [row['instance_uuid'] for row in tool(cloud, f'find {server}')] == [instance]


def test_an_operator_sets_and_unsets_through_the_conductor(cloud):
    server = new_uuid()
    cloud.host.run(f'nova-cascading mapping set {cloud.before} {server.upper()}')
    assert icehouse.client(cloud.host, 'get', cloud.before) == server
    cloud.host.run(f'nova-cascading mapping unset {cloud.before}')
    assert icehouse.client(cloud.host, 'get', cloud.before) == 'none'


@pytest.mark.parametrize('words, said', [
    ('set {instance} not-a-uuid', 'is not a UUID'), ('show nonsense', 'is not a UUID'),
    ('show 00000000-0000-4000-8000-000000000000', 'no database of this nova has an instance'),
    ('find 00000000-0000-4000-8000-000000000000', 'no instance stands for')])
def test_a_wrong_word_is_named_and_changes_nothing(cloud, words, said):
    before = cloud.host.sql('SELECT uuid, mapping_uuid FROM instances')
    refused = cloud.host.run('nova-cascading mapping ' + words.format(instance=cloud.before), check=False)
    assert refused.status == 1 and said in refused.err and 'Traceback' not in refused.err
    assert cloud.host.sql('SELECT uuid, mapping_uuid FROM instances') == before


def test_one_server_is_not_given_to_two_instances_unasked(cloud):
    instance, server = mapped(cloud)
    other = icehouse.client(cloud.host, 'create', 'testhost')
    refused = cloud.host.run(f'nova-cascading mapping set {other} {server}', check=False)
    assert refused.status == 1 and f'instance {instance} stands for the server {server} already' in refused.err
    assert icehouse.client(cloud.host, 'get', other) == 'none'


def test_the_audit_tells_a_monitor_what_is_wrong(cloud):
    host = cloud.host
    host.run("mysql nova -e \"UPDATE instances SET mapping_uuid = UUID() WHERE mapping_uuid IS NULL\"")
    fine = host.run('nova-cascading mapping audit', check=False)
    assert (fine.status, fine.out.partition(' - ')[0]) == (0, 'MAPPING OK')
    one, server = mapped(cloud)
    two, three = (icehouse.client(host, 'create', 'testhost') for _ in range(2))
    late = host.run('nova-cascading mapping audit --format value', check=False)
    assert late.status == 1 and {line.split()[1] for line in late.out.splitlines()} == {two, three}
    host.run(f"mysql nova -e \"UPDATE instances SET mapping_uuid = '{server}' WHERE uuid = '{two}'; "
             f"UPDATE instances SET mapping_uuid = 'broken' WHERE uuid = '{three}'\"")
    wrong = host.run('nova-cascading mapping audit --format value', check=False)
    assert wrong.status == 2 and 'CRITICAL' in wrong.err
    assert {tuple(line.split()[:2]) for line in wrong.out.splitlines()} == {
        ('duplicate', one), ('duplicate', two), ('malformed', three)}
    for instance in (two, three):
        host.run(f'nova-cascading mapping unset {instance}')


def test_exported_mappings_come_back_by_import(cloud):
    host, (instance, server) = cloud.host, mapped(cloud)
    host.run('nova-cascading mapping export /root/mappings.csv')
    assert [instance, server] in list(csv.reader(host.read('/root/mappings.csv').splitlines()))
    assert host.run('stat -c %a /root/mappings.csv').out.strip() == '600'
    host.run(f'nova-cascading mapping unset {instance}')
    assert '1 to be set' in host.run('nova-cascading mapping import --dry-run /root/mappings.csv').out
    assert icehouse.client(host, 'get', instance) == 'none'
    assert '1 set' in host.run('nova-cascading mapping import /root/mappings.csv').out
    assert icehouse.client(host, 'get', instance) == server


def test_a_file_with_one_bad_line_is_refused_whole(cloud):
    cloud.host.write('/root/bad.csv', f'instance_uuid,mapping_uuid\n{cloud.before},{new_uuid()}\nx,y\n')
    before = icehouse.client(cloud.host, 'get', cloud.before)
    refused = cloud.host.run('nova-cascading mapping import --overwrite /root/bad.csv', check=False)
    assert refused.status == 1 and '/root/bad.csv, line 3' in refused.err
    assert icehouse.client(cloud.host, 'get', cloud.before) == before


def test_mappings_stay_over_a_restart_and_over_archiving(cloud):
    host, (kept, server), (gone, other) = cloud.host, mapped(cloud), mapped(cloud)
    icehouse.client(host, 'destroy', gone)
    for _ in range(2):  # the first run leaves what rows of other tables still refer to
        host.run('su nova -c "nova-manage db archive_deleted_rows --max_rows 1000"')
    assert host.sql(f"SELECT mapping_uuid FROM shadow_instances WHERE uuid = '{gone}'") == [(other,)]
    assert host.run(f'nova-cascading mapping find {other}', check=False).status == 1
    host.run('systemctl restart nova-conductor mariadb && sleep 1')
    icehouse.wait_for_services(host)
    assert icehouse.client(host, 'get', kept) == server


def test_the_way_back_to_stock_and_forward_again_keeps_them(cloud):
    host, (instance, server) = cloud.host, mapped(cloud)
    host.run('apt-get install -y python-nova')
    host.run(f'systemctl restart {" ".join(icehouse.SERVICES)}')
    icehouse.wait_for_services(host)
    assert icehouse.client(host, 'get', instance) == 'no such field'
    host.run('su nova -c "nova-manage db sync"')
    host.run('apt-get install -y python-nova-cascading')
    icehouse.wait_for_services(host)
    assert icehouse.client(host, 'get', instance) == server
