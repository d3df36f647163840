"""A fleet by Ansible: rolled out in the order that loses no mapping, stopped at the first host that fails, finished by
the same command, upgraded while clients ask, and taken back."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from builder.common.project import PROJECT
from tests import repositories
from tests.hosts.lib import clients, debs, packages, rpm_host, sql
from tests.hosts.lib.fleet import CELL, Asking, Fleet
from tests.hosts.lib.services import wait_for, wait_for_conductor

ALL = {'ctl1', 'ctl2', 'ctl3', 'proxy1', 'proxy2'}
COMPILE = '/usr/bin/py3compile'
WAITING = "mysql -Ne 'SELECT info FROM information_schema.processlist WHERE state LIKE \"Waiting for table%\"'"


def offer(fleet: Fleet, fork_of, revision: int) -> None:
    """Publish a revision of the fork for both families, and one for a later stock rpm than the fleet can have."""
    rpms = [rpm_host.fork(revision=revision, stock='1:26.3.0-1'), rpm_host.fork(stock='1:26.3.0-2')]
    fleet.publish(packages.library(fork_of('bookworm', revision, *debs.DEB)), *rpms)


@pytest.fixture(scope='module')
def fleet(module_host, fork_of, tmp_path_factory):
    with repositories.signer() as home, ThreadPoolExecutor(2) as pool:
        place = tmp_path_factory.mktemp('repository') / 'repo'
        made = Fleet(module_host, repositories.Publisher(place, home), pool)
        offer(made, fork_of, 1)
        yield made


def test_the_inventory_of_the_docs_is_read_as_it_is_meant(fleet):
    text = (PROJECT / 'docs/fleet.md').read_text()
    fleet.oldest.write('/root/documented', text.split('```ini\n')[1].split('```')[0])
    told = json.loads(fleet.oldest.run('ansible-inventory -i documented --list').out)
    assert [len(told[group]['hosts']) for group in ('nova_controllers', 'nova_proxies')] == [40, 400]
    settings = told['_meta']['hostvars']['proxy001']
    assert settings['repository_suite'] == 'zed-bookworm'
    assert settings['repository_key'] == '/srv/keys/nova-cascading.gpg'


def test_check_mode_tells_of_every_host_and_changes_none(fleet):
    told = fleet.play('rollout', '--check --diff')
    assert told.status == 0, told.out
    assert {name for name, number in told.changed.items() if number} == ALL
    assert told.out.count('python3-nova-cascading would be installed') == len(ALL)
    assert fleet.forked() == set()


def test_a_database_that_could_not_be_migrated_stops_all_before_anything_is_changed(fleet):
    first = fleet.host('ctl1')
    rpm_host.only_rows(first)
    try:
        refused = fleet.play('rollout')
    finally:
        first.sql('GRANT ALL ON nova.* TO nova@localhost')
    assert refused.status != 0 and refused.failed >= {'ctl1', 'ctl2', 'ctl3'}, refused.out
    assert 'GRANT ALTER' in refused.out and 'Next: mend that, then run the same command again.' in refused.out
    assert sum(refused.changed.values()) == 0 and fleet.forked() == set()


def test_a_database_that_is_down_stops_all_before_anything_is_changed(fleet):
    first = fleet.host('ctl1')
    first.run('systemctl stop mariadb')
    stopped = fleet.play('rollout')
    first.run('systemctl start mariadb')
    assert stopped.status != 0 and stopped.failed >= {'ctl1', 'ctl2', 'ctl3'}, stopped.out
    assert 'Connection refused' in stopped.out and sum(stopped.changed.values()) == 0


def test_no_host_is_begun_while_changes_are_frozen(fleet):
    fleet.oldest.write('/root/frozen', '[all:vars]\nfork_freeze=[{"from": "00:00", "to": "24:00"}]\n')
    stopped = fleet.play('rollout', '-i frozen')
    assert stopped.status != 0 and stopped.failed == {'ctl1'}, stopped.out
    assert 'ctl1: not begun, changes are frozen from 00:00 to 24:00.' in stopped.out
    assert fleet.forked() == set() and not fleet.host('ctl1').exists('/run/taken-out')


def test_a_load_balancer_that_is_away_leaves_the_host_as_it_was(fleet):
    fleet.oldest.write('/root/away.yml', '- ansible.builtin.fail: {msg: the balancer is away}\n')
    stopped = fleet.play('rollout', '--limit ctl1 -e fork_before=/root/away.yml')
    assert stopped.status != 0 and 'Not in this run: ctl2, ctl3, proxy1, proxy2.' in stopped.out
    assert 'ctl1: /root/away.yml failed (the balancer is away). Its nova is as it was. Next: ' in stopped.out
    assert fleet.forked() == set()


def test_a_database_that_dies_during_the_migration_stops_it_at_that_host(fleet):
    first = fleet.host('ctl1')
    first.run('systemctl mask --runtime mariadb')  # or systemd starts what was killed
    sql.hold_lock(first)
    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(fleet.play, 'rollout', '-e fork_tries=1')
        wait_for(first, f'{WAITING} | grep -q ALTER', 300)
        first.run('systemctl kill --signal KILL mariadb')
        stopped = going.result()
    assert stopped.status != 0 and stopped.failed == {'ctl1'}, stopped.out
    assert 'ctl1: is not well: database main' in stopped.out
    assert 'Next: see that the database server runs' in stopped.out
    assert fleet.forked() == {'ctl1'}
    first.run('systemctl unmask --runtime mariadb; systemctl start mariadb')


def test_a_host_that_dies_in_the_middle_stops_it_there_when_the_one_before_was_finished(fleet):
    dying = fleet.host('ctl2')
    dying.run(f'mv {COMPILE} {COMPILE}.real')
    dying.write(COMPILE, '#!/bin/sh\ntouch /run/installing\nsleep 600\n', 0o755)
    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(fleet.play, 'rollout')
        wait_for(dying, 'test -e /run/installing', 300)
        dying.machine.stop_init()
        stopped = going.result()
    assert stopped.status != 0 and 'ctl2' in stopped.failed, stopped.out
    assert 'Stopped: ctl2 failed or did not answer' in stopped.out and 'run the same command again' in stopped.out
    assert fleet.host('ctl1').run('nova-cascading db check').status == 0
    assert not fleet.forked() & {'ctl3', 'proxy1', 'proxy2'}
    dying.boot()
    dying.run(f'mv {COMPILE}.real {COMPILE}')


def test_a_conductor_of_a_cell_left_on_stock_keeps_every_proxy_as_it_is(fleet):
    stopped = fleet.play('rollout', "--limit '!ctl3'")
    assert stopped.status != 0, stopped.out
    assert 'No proxy was touched: conductor ctl3 of cell2: LOSES mappings' in stopped.out
    assert fleet.forked() == {'ctl1', 'ctl2'}


def test_the_same_command_finishes_it_and_the_first_proxy_maps_an_instance(fleet):
    done = fleet.play('rollout')
    assert done.status == 0, done.out
    assert done.changed['ctl1'] == done.changed['ctl2'] == 0
    assert fleet.forked() == ALL
    assert 'MAPPING OK - 1 mapped' in done.out
    assert not [name for name in ALL if fleet.host(name).exists('/run/taken-out')]
    key = fleet.host('proxy2').path('/etc/apt/trusted.gpg.d/nova-cascading.gpg')
    assert str(key.readlink()) == clients.KEYRING, 'or the package would renew keys that apt before 1.1 does not read'


def test_a_second_run_changes_nothing_with_the_newest_ansible(fleet):
    again = fleet.play('rollout', '-e fleet_serial=2', node=fleet.newest)
    assert again.status == 0 and set(again.changed.values()) == {0}, again.out
    assert 'WARNING' not in again.out


def test_a_service_that_does_not_run_is_named(fleet):
    lame = fleet.host('proxy2')
    lame.service('nova-compute').stop()
    stopped = fleet.play('rollout', '--limit proxy2 --check')
    lame.service('nova-compute').start()
    assert stopped.failed == {'proxy2'} and 'proxy2: enabled and not running: nova-compute.service.' in stopped.out


def test_an_upgrade_of_conductors_and_a_proxy_leaves_no_moment_without_a_conductor(fleet, fork_of):
    instance, _ = fleet.client.mapped()
    offer(fleet, fork_of, 2)
    start = time.monotonic()
    with Asking(fleet.client, instance) as asking:
        done = fleet.play('upgrade', "--limit '!proxy2'")
    print(f'upgrade: {time.monotonic() - start:.0f} s, {asking.answers} answers, longest gap {asking.gap:.2f} s')
    assert done.status == 0, done.out
    assert asking.failures == [] and asking.gap < 20
    versions = {debs.nova(fleet.host(name))[debs.FORK] for name in ('ctl1', 'ctl2', 'proxy1')}
    assert len(versions) == 1 and versions.pop().endswith('cascading2')
    assert 'cascading2' in rpm_host.evr(fleet.host('ctl3'), 'python3-nova-cascading')


def test_conductors_do_not_go_back_before_the_proxies(fleet):
    refused = fleet.play('rollback', '--limit nova_controllers')
    assert refused.status != 0 and 'No conductor was touched' in refused.out
    assert fleet.forked() == ALL


def test_the_way_back_leaves_stock_nova_and_every_mapping(fleet):
    first = fleet.host('ctl1')
    mapped = first.sql('SELECT uuid, mapping_uuid FROM instances ORDER BY id')
    done = fleet.play('rollback', "-e fleet_serial=2 -e fleet_waves='[2]'")
    assert done.status == 0, done.out
    assert fleet.forked() == set()
    # The canary's of the roll-out and of the upgrade, and the client's.
    assert len(mapped) == 3 and first.sql('SELECT uuid, mapping_uuid FROM instances ORDER BY id') == mapped
    for name, bus in ('ctl1', '/'), ('ctl2', '/'), ('ctl3', CELL):
        wait_for_conductor(first, f'conductor.{name}', bus)
