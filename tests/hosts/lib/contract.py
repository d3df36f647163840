"""What a nova proxy and an operator are promised, on any nova; a module makes it tests of one nova.

A class of that module inherits the promises; the module has a fixture `cloud` (lib.cloud.Cloud), forked and at work.
"""

from __future__ import annotations

import csv
import json

import pytest

from tests.hosts.lib.cells import BUS
from tests.hosts.lib.cloud import SCRIPT, Cloud, new_uuid
from tests.hosts.lib.services import wait_for, wait_for_conductor

NOBODY = '00000000-0000-4000-8000-000000000000'
NETWORK = '11111111-1111-4111-8111-111111111111'  # the one of inside/fake_neutron.py
PROFILE = {'physical_network': 'top', 'cascaded': 'port-7'}
DEVICES = '[pci]\npassthrough_whitelist = {"vendor_id": "8086", "physical_network": "of-the-device"}\n'


class Mappings:
    """What is set is kept, and found both ways."""

    def test_what_a_proxy_saves_is_found_both_ways(self, cloud):
        instance, server = cloud.mapped()
        assert cloud.client('get', instance) == server
        assert f'{instance} {server}' in cloud.client('list', 'testhost').splitlines()
        assert cloud.tool(f'show {instance}')['mapping_uuid'] == server
        assert [row['instance_uuid'] for row in cloud.tool(f'find {server}')] == [instance]
        assert instance in [row['instance_uuid'] for row in cloud.tool('list --host testhost')]

    def test_a_proxy_takes_a_mapping_back(self, cloud):
        instance, server = cloud.mapped()
        assert cloud.client('save', instance, 'none') == 'none'
        assert cloud.run(f'nova-cascading mapping find {server}', check=False).status == 1
        assert instance in [row['instance_uuid'] for row in cloud.tool('list --unmapped')]

    def test_an_operator_sets_and_unsets_through_the_conductor(self, cloud):
        instance, server = cloud.new(), new_uuid()
        cloud.run(f'nova-cascading mapping set {instance} {server.upper()}')
        assert cloud.client('get', instance) == server
        cloud.run(f'nova-cascading mapping unset {instance}')
        assert cloud.client('get', instance) == 'none'

    def test_mappings_stay_over_a_restart_and_over_archiving(self, cloud):
        (kept, server), (gone, other) = cloud.mapped(), cloud.mapped()
        cloud.client('destroy', gone)
        for _ in range(2):  # the first run leaves what rows of other tables still refer to
            archived = cloud.manage('db archive_deleted_rows --max_rows 1000', check=False)
            assert archived.status in (0, 1), archived  # 1: later releases say so that rows were moved
        assert cloud.host.sql(f"SELECT mapping_uuid FROM shadow_instances WHERE uuid = '{gone}'") == [(other,)]
        assert cloud.run(f'nova-cascading mapping find {other}', check=False).status == 1
        cloud.restart()
        assert cloud.client('get', kept) == server


class Commands:
    """What the same code of ours answers on any nova."""

    @pytest.mark.parametrize('words, said', [
        ('set {instance} not-a-uuid', 'is not a UUID'), ('show nonsense', 'is not a UUID'),
        (f'show {NOBODY}', 'no database of this nova has an instance'), (f'find {NOBODY}', 'no instance stands for')])
    def test_a_wrong_word_is_named_and_changes_nothing(self, cloud, words, said):
        instance, server = cloud.mapped()
        refused = cloud.run('nova-cascading mapping ' + words.format(instance=instance), check=False)
        assert refused.status == 1 and said in refused.err and 'Traceback' not in refused.err
        assert cloud.client('get', instance) == server

    def test_one_server_is_not_given_to_two_instances_unasked(self, cloud):
        instance, server = cloud.mapped()
        other = cloud.new()
        refused = cloud.run(f'nova-cascading mapping set {other} {server}', check=False)
        assert refused.status == 1 and f'instance {instance} stands for the server {server} already' in refused.err
        assert cloud.client('get', other) == 'none'

    def test_the_audit_tells_a_monitor_what_is_wrong(self, cloud):
        cloud.host.sql('UPDATE instances SET mapping_uuid = UUID() WHERE mapping_uuid IS NULL')
        fine = cloud.run('nova-cascading mapping audit', check=False)
        assert (fine.status, fine.out.partition(' - ')[0]) == (0, 'MAPPING OK')
        one, server = cloud.mapped()
        two, three = cloud.new(), cloud.new()
        late = cloud.run('nova-cascading mapping audit --format value', check=False)
        assert late.status == 1 and {line.split()[1] for line in late.out.splitlines()} == {two, three}
        cloud.host.sql(f"UPDATE instances SET mapping_uuid = '{server}' WHERE uuid = '{two}'; "
                       f"UPDATE instances SET mapping_uuid = 'broken' WHERE uuid = '{three}'")
        wrong = cloud.run('nova-cascading mapping audit --format value', check=False)
        assert wrong.status == 2 and 'CRITICAL' in wrong.err
        assert {tuple(line.split()[:2]) for line in wrong.out.splitlines()} == {
            ('duplicate', one), ('duplicate', two), ('malformed', three)}
        for instance in (two, three):
            cloud.run(f'nova-cascading mapping unset {instance}')

    def test_exported_mappings_come_back_by_import(self, cloud):
        instance, server = cloud.mapped()
        cloud.run('rm -f mappings.csv; nova-cascading mapping export /root/mappings.csv')
        assert [instance, server] in list(csv.reader(cloud.host.read('/root/mappings.csv').splitlines()))
        assert cloud.run('stat -c %a /root/mappings.csv').out.strip() == '600'
        cloud.client('save', instance, 'none')
        assert '1 to be set' in cloud.run('nova-cascading mapping import --dry-run /root/mappings.csv').out
        assert cloud.client('get', instance) == 'none'
        assert '1 set' in cloud.run('nova-cascading mapping import /root/mappings.csv').out
        assert cloud.client('get', instance) == server

    def test_a_file_with_one_bad_line_is_refused_whole(self, cloud):
        instance, server = cloud.mapped()
        cloud.host.write('/root/bad.csv', f'instance_uuid,mapping_uuid\n{instance},{new_uuid()}\nx,y\n')
        refused = cloud.run('nova-cascading mapping import --overwrite /root/bad.csv', check=False)
        assert refused.status == 1 and '/root/bad.csv, line 3' in refused.err
        assert cloud.client('get', instance) == server


class OlderClients:
    """Services of an earlier release ask the conductor for the objects that they know."""

    def test_an_older_stock_client_gets_no_mapping_and_no_error(self, cloud):
        instance, server = cloud.mapped()
        assert older(cloud, instance) == ['no such field', 'no such field']
        assert cloud.client('get', instance) == server

    def test_an_older_forked_client_gets_the_mapping(self, cloud):
        instance, server = cloud.mapped()
        assert older(cloud, instance, 'fork') == [server, server]


def older(cloud: Cloud, *words: str) -> list[str]:
    """The mapping of an instance as an older client has it from another service's message, and from the conductor."""
    told = [line.split(' ', 1) for line in cloud.client_once('older', *words).splitlines()]
    assert told[0][0] == told[1][0], 'both are of the older version'
    return [line[1] for line in told]


class MixedFleets:
    """Stock nova beside the fork. Needs a fixture `stock`: a Cloud with stock nova on a host beside, stockhost."""

    def test_a_stock_proxy_works_with_a_forked_conductor_and_loses_no_mapping(self, cloud, stock):
        instance, server = cloud.mapped()
        assert stock.client('get', instance) == 'no such field'
        assert stock.client('rename', instance, 'by-stock') == 'by-stock'
        assert f'{instance} no such field' in stock.client('list', 'testhost').splitlines()
        own = stock.client('create', 'stockhost')
        stock.client('destroy', own)
        assert cloud.client('get', instance) == server

    def test_a_stock_conductor_is_found_out_and_nothing_is_lost_through_it(self, cloud, stock):
        instance, server = cloud.mapped()
        stock.start_conductor('stock')
        try:
            wait_for_conductor(cloud.host, 'conductor.stockhost')
            told = cloud.run('nova-cascading status', check=False)
            assert told.status == 1 and 'conductor on testhost: keeps mappings' in told.out
            assert 'conductor on stockhost: LOSES mappings: stock nova' in told.out
            for words in (f'set {instance} {new_uuid()}', f'unset {instance}'):
                refused = cloud.run(f'nova-cascading mapping {words}', check=False)
                assert refused.status == 1 and 'nothing was changed' in refused.err and 'stockhost' in refused.err
        finally:
            stock.stop_conductor('stock')
            cloud.host.sql("DELETE FROM services WHERE host = 'stockhost'")
        assert cloud.client('get', instance) == server


class Ports:
    """What a port carries for the lower-level cloud arrives there."""

    @pytest.mark.parametrize('profile', [PROFILE, None], ids=['profile', 'none'])
    def test_a_port_keeps_its_binding_profile_when_an_instance_takes_it(self, cloud, profile):
        assert taken(cloud, 9696 if profile else 9697, profile).get('binding:profile') == profile


class PciPorts:
    """From Juno on, a port can be a PCI device of the instance's host."""

    def test_what_nova_knows_of_a_pci_device_wins_and_the_rest_of_the_profile_stays(self, cloud):
        assert taken(cloud, 9698, PROFILE, 'pci')['binding:profile'] == {
            'cascaded': PROFILE['cascaded'], 'physical_network': 'of-the-device', 'pci_slot': '0000:0a:00.1',
            'pci_vendor_info': '8086:10ed'}


def taken(cloud: Cloud, number: int, profile: dict | None, *words: str) -> dict:
    """What neutron, on a TCP port of that number, is sent when an instance takes a port with this profile."""
    log, url = f'/tmp/{number}', f'http://127.0.0.1:{number}'
    cloud.host.put(SCRIPT.with_name('fake_neutron.py'), '/srv/fake_neutron.py')
    cloud.host.spawn(f"exec python3 /srv/fake_neutron.py {number} {log} '{json.dumps(profile)}'")
    ready = f"import urllib.request; urllib.request.urlopen('{url}/v2.0/ports.json')"
    wait_for(cloud.host, f'python3 -c "{ready}"')
    cloud.host.write('/etc/nova/neutron.conf', cloud.neutron.format(url=url) + DEVICES)
    instance = cloud.new()
    cloud.client_once('port', instance, NETWORK, new_uuid(), *words)
    sent = json.loads(cloud.host.read(log).splitlines()[0])['body']['port']
    assert sent['device_id'] == instance and sent['binding:host_id'] == 'testhost'
    return sent


class Cells:
    """One tool for all cells. Needs a fixture `cell` (lib.cells.Cell); an instance of one cell is another's nothing."""

    def test_every_question_is_answered_for_all_cells(self, cloud, cell):
        (one, first), (two, second) = cloud.mapped(), cell.proxy.mapped()
        assert cell.mappings()[two] == second and one not in cell.mappings()
        for instance, server, place in ((one, first, 'main'), (two, second, 'cell2')):
            assert cloud.tool(f'show {instance}')['database'] == place
            assert [row['instance_uuid'] for row in cloud.tool(f'find {server}')] == [instance]
        assert {one, two} <= {row['instance_uuid'] for row in cloud.tool('list')}
        exported = cloud.run('nova-cascading mapping export').out.splitlines()
        assert {f'{one},{first}', f'{two},{second}'} <= set(exported)

    def test_what_is_set_goes_through_the_conductor_of_its_cell(self, cloud, cell):
        instance, server = cell.proxy.new(), new_uuid()
        cloud.run(f'nova-cascading mapping set {instance} {server}')
        assert cell.proxy.client('get', instance) == server
        cloud.run(f'nova-cascading mapping unset {instance}')
        assert cell.proxy.client('get', instance) == 'none'

    def test_status_names_every_conductor_and_its_cell(self, cloud, cell):
        told = cloud.run('nova-cascading status').out
        assert 'conductor on testhost: keeps mappings' in told
        assert 'conductor on cell2host of cell2: keeps mappings' in told


class CommandsForCells:
    """What the same code of ours answers on any nova with cells. Needs a fixture `cell`, too."""

    def test_one_import_sets_mappings_in_several_cells_in_any_order(self, cloud, cell):
        wanted = [(owner, owner.new(), new_uuid()) for owner in (cloud, cell.proxy, cloud, cell.proxy)]
        for order in (wanted, wanted[::-1]):
            lines = [f'{instance},{server}' for _, instance, server in order]
            cloud.host.write('/root/cells.csv', '\n'.join(['instance_uuid,mapping_uuid', *lines]) + '\n')
            assert '4 set' in cloud.run('nova-cascading mapping import /root/cells.csv').out
            assert [owner.client('get', instance) for owner, instance, _ in order] == [entry[2] for entry in order]
            for owner, instance, _ in wanted:
                owner.client('save', instance, 'none')

    def test_a_server_behind_instances_of_two_cells_is_refused_and_audited(self, cloud, cell):
        (one, server), two = cloud.mapped(), cell.proxy.new()
        refused = cloud.run(f'nova-cascading mapping set {two} {server}', check=False)
        assert refused.status == 1 and f'instance {one} stands for the server {server} already' in refused.err
        cloud.run(f'nova-cascading mapping set --force {two} {server}')
        audit = cloud.run('nova-cascading mapping audit --format value', check=False)
        assert audit.status == 2
        assert {('duplicate', one), ('duplicate', two)} <= {tuple(row.split()[:2]) for row in audit.out.splitlines()}
        cloud.run(f'nova-cascading mapping unset {two}')

    def test_a_cell_without_a_conductor_is_named_and_the_others_go_on(self, cloud, cell):
        here, there, server = cloud.new(), cell.proxy.new(), new_uuid()
        cell.stop_conductor()
        try:
            told = cloud.run('nova-cascading status', check=False)
            assert told.status == 2 and 'conductor on cell2host of cell2: does not answer' in told.out
            cell.reported(1)
            told = cloud.run('nova-cascading status', check=False)
            assert told.status == 2 and 'conductor on cell2host of cell2: down' in told.out
            refused = cloud.run(f'nova-cascading mapping set {there} {server}', check=False)
            assert refused.status == 2 and 'nothing was changed: no conductor of database cell2' in refused.err
            cloud.host.write('/root/cells.csv', f'instance_uuid,mapping_uuid\n{there},{new_uuid()}\n{here},{server}\n')
            partly = cloud.run('nova-cascading mapping import /root/cells.csv', check=False)
            assert partly.status == 2 and '1 set, 0 unchanged, 1 failed' in partly.out and 'line 2: ' in partly.err
        finally:
            cell.start_conductor()
        assert cell.proxy.client('get', there) == 'none' and cloud.client('get', here) == server

    def test_a_cell_whose_message_bus_is_misspelt_is_named_and_the_others_go_on(self, cloud, cell):
        change = "UPDATE cell_mappings SET transport_url = '{0}' WHERE name = 'cell2'"
        cloud.host.sql(change.format('rabbit://guest:guest@127.0.0.1:56x72/'), 'nova_api')
        try:
            told = cloud.run('nova-cascading status --format json', check=False)
        finally:
            cloud.host.sql(change.format(BUS), 'nova_api')
        rows = {(row['kind'], row['name'], row['database']): row for row in json.loads(told.out)}
        assert told.status == 2 and 'bug' not in told.err
        assert rows['conductor', 'testhost', 'main']['state'] == 'keeps'
        wrong = rows['conductors', 'cell2', None]
        assert wrong['state'] == 'unknown' and 'the message bus of database cell2 cannot be used' in wrong['detail']
        assert 'nova-manage cell_v2 update_cell' in wrong['next']

    def test_a_cell_without_its_database_is_named_and_no_answer_passes_for_whole(self, cloud, cell):
        (here, first), (_, second), third = cloud.mapped(), cell.proxy.mapped(), new_uuid()
        cell.stop_database()
        try:
            assert cloud.tool(f'show {here}')['mapping_uuid'] == first
            for words, status, row in ((f'find {first}', 2, here), (f'find {second}', 2, ''), ('list', 2, here),
                                       (f'show {NOBODY}', 2, ''), ('export', 2, here), ('audit', 3, ''),
                                       ('export /root/half.csv', 2, ''), (f'set {here} {second}', 2, '')):
                answer = cloud.run(f'nova-cascading mapping {words}', check=False)
                assert answer.status == status and 'database cell2' in answer.out + answer.err, (words, answer)
                assert row in answer.out and 'Traceback' not in answer.err
            assert not cloud.host.exists('/root/half.csv')
            assert cloud.client('get', here) == first
            cloud.run(f'nova-cascading mapping set --force {here} {third}')
            assert cloud.client('get', here) == third
            told = cloud.run('nova-cascading status', check=False)
            assert told.status == 2 and 'cannot tell: database cell2' in told.out
            assert 'conductor on testhost: keeps mappings' in told.out
        finally:
            cell.start_database()
        assert cloud.run(f'nova-cascading mapping find {second}').status == 0

    def test_without_the_database_that_names_the_cells_nobody_can_tell(self, cloud, cell):
        instance, server = cloud.mapped()
        cloud.host.write('/root/away.conf', '[api_database]\nconnection = mysql+pymysql://nova@127.0.0.1:1/nova_api\n')
        for words, status in ((f'find {server}', 2), ('list', 2), ('export', 2), ('audit', 3),
                              (f'set {instance} {new_uuid()}', 2), (f'unset {instance}', 2)):
            line = f'nova-cascading mapping {words} --config-file /etc/nova/nova.conf --config-file /root/away.conf'
            answer = cloud.run(line, check=False)
            assert answer.status == status and 'database api' in answer.out + answer.err, (words, answer)
        assert cloud.client('get', instance) == server


class OfNova(Cells, PciPorts, Ports, MixedFleets, OlderClients, Mappings):
    """What each nova's own code decides. pytest begins with the last base; cells are for the end, as what they hold
    stays."""


class Everything(CommandsForCells, Cells, PciPorts, Ports, MixedFleets, OlderClients, Commands, Mappings):
    """The whole contract."""
