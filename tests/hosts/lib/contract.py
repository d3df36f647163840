"""What a nova proxy and an operator are promised, on any nova; a module makes it tests of one nova.

A class of that module inherits the promises; the module has a fixture `cloud` (lib.cloud.Cloud), forked and at work.
"""

from __future__ import annotations

import csv

import pytest

from tests.hosts.lib.cloud import new_uuid

NOBODY = '00000000-0000-4000-8000-000000000000'


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


class OlderClients:
    """Services of an earlier release ask the conductor for the objects that they know."""

    def test_an_older_stock_client_gets_no_mapping_and_no_error(self, cloud):
        instance, server = cloud.mapped()
        version, _, told = cloud.client_once('older', instance).partition(' ')
        assert version.split('.')[0].isdigit() and told == 'no such field'
        assert cloud.client('get', instance) == server

    def test_an_older_forked_client_gets_the_mapping(self, cloud):
        instance, server = cloud.mapped()
        assert cloud.client_once('older', instance, 'fork').split()[1] == server
