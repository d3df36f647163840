"""What `nova-cascading mapping` tells about two cells with instances, and what it refuses; they are SQLite files."""

import csv
import os
import signal
import subprocess
import sys
import threading

import pytest

from builder.common.project import PROJECT
from tests.unit.mappings import JUST_NOW, uuid_of

SOURCE = PROJECT / 'src/nova'


def test_show_and_find_answer_in_both_directions_from_any_cell(cloud):
    instance = cloud.add(uuid_of(77), 'west')
    assert cloud.rows('show', instance.upper()) == {
        'instance_uuid': instance, 'mapping_uuid': uuid_of(77), 'host': 'proxy-1', 'state': 'active',
        'database': 'west', 'name': 'a name'}
    assert [row['instance_uuid'] for row in cloud.rows('find', uuid_of(77))] == [instance]


def test_find_does_not_know_deleted_instances(cloud):
    cloud.add(uuid_of(77), deleted=5)
    status, out, err = cloud('find', uuid_of(77))
    assert (status, out) == (1, '') and f'no instance stands for the server {uuid_of(77)}' in err


@pytest.mark.parametrize('count', [0, 1, 2, 3, 4, 6, 7])
def test_a_list_has_every_instance_once_whatever_the_length_of_a_page(cloud, count):
    made = [cloud.add(deleted=number % 3 == 1) for number in range(count)]
    expected = [instance for number, instance in enumerate(made) if number % 3 != 1]
    assert [row['instance_uuid'] for row in cloud.rows('list')] == expected


def test_a_list_narrows_down_by_host_and_by_lack_of_a_mapping(cloud):
    lone = cloud.add()
    cloud.add(uuid_of(70))
    elsewhere = cloud.add(host='proxy-2', database='west')
    assert [row['instance_uuid'] for row in cloud.rows('list', '--unmapped')] == [lone, elsewhere]
    assert [row['instance_uuid'] for row in cloud.rows('list', '--unmapped', '--host', 'proxy-2')] == [elsewhere]


def test_every_format_says_the_same(cloud):
    instance = cloud.add(uuid_of(77))
    expected = [instance, uuid_of(77), 'proxy-1', 'active', 'main']
    assert list(csv.reader(cloud('list', '-f', 'csv')[1].splitlines()))[1] == expected
    assert cloud('list', '-f', 'value')[1].split() == expected
    assert list(cloud.rows('list')[0].values()) == [
        dict(zip(('instance_uuid', 'mapping_uuid', 'host', 'state', 'database'), expected))[name]
        for name in sorted(('instance_uuid', 'mapping_uuid', 'host', 'state', 'database'))]
    assert all(word in cloud('list')[1] for word in expected)


def test_an_empty_list_is_an_empty_list_in_every_format(cloud):
    assert cloud.rows('list') == []
    assert cloud('list', '-f', 'value')[1] == ''
    assert cloud('list', '-f', 'csv')[1] == 'instance_uuid,mapping_uuid,host,state,database\n'


def test_an_audit_without_findings_is_ok_and_counts(cloud):
    cloud.add(uuid_of(70))
    cloud.add(uuid_of(71), 'west')
    cloud.add(uuid_of(70), deleted=3)
    cloud.add(since=JUST_NOW)
    cloud.add(state='building')
    assert cloud('audit') == (0, 'MAPPING OK - 2 mapped, 0 unmapped, 0 duplicate, 0 malformed | '
                                 'mapped=2 unmapped=0 duplicate=0 malformed=0\n', '')


def test_an_active_instance_without_mapping_is_a_warning(cloud):
    instance = cloud.add(database='west')
    status, out, err = cloud('audit', '--format', 'value')
    assert status == 1 and err.startswith('MAPPING WARNING - 0 mapped, 1 unmapped')
    assert out.split()[:2] == ['unmapped', instance]


@pytest.mark.parametrize('others', range(5))
def test_one_server_for_several_instances_is_critical_wherever_they_are(cloud, others):
    """Others before and after them shift where a page ends."""
    for number in range(others):
        cloud.add(uuid_of(10 + number))
    sharing = {cloud.add(uuid_of(50)), cloud.add(uuid_of(50), 'west'), cloud.add(uuid_of(50)), cloud.add(uuid_of(50))}
    cloud.add(uuid_of(50), deleted=9)
    for number in range(others):
        cloud.add(uuid_of(60 + number), 'west')
    assert cloud('audit')[0] == 2
    found = cloud.rows('audit')
    assert {row['instance_uuid'] for row in found} == sharing and len(found) == 4
    assert {row['problem'] for row in found} == {'duplicate'}


def test_a_live_instance_beside_a_deleted_one_shares_nothing(cloud):
    cloud.add(uuid_of(50))
    cloud.add(uuid_of(50), deleted=2)
    assert cloud('audit')[0] == 0


@pytest.mark.parametrize('wrong', ['', 'broken', uuid_of(50).replace('0', 'A'), uuid_of(50) + '0', '~', ' '])
def test_what_is_no_uuid_is_malformed_and_hides_no_duplicate(cloud, wrong):
    one, two = cloud.add(uuid_of(50)), cloud.add(uuid_of(50), 'west')
    three = cloud.add(wrong)
    cloud.add(wrong, 'west', deleted=8)
    found = {(row['problem'], row['instance_uuid']) for row in cloud.rows('audit')}
    assert found == {('duplicate', one), ('duplicate', two), ('malformed', three)}


def test_the_table_of_an_audit_is_short_and_says_what_it_leaves_out(cloud):
    for _ in range(5):
        cloud.add()
    out = cloud('audit', '--limit', '2')[1]
    assert out.count('| unmapped |') == 2 and out.endswith('\n3 more; all of them: --format csv\n')


@pytest.mark.parametrize('mapping, state', [(None, 'WARNING'), ('no UUID', 'CRITICAL')])
def test_monitoring_reads_the_summary_and_its_figures_in_the_first_line_whatever_is_found(cloud, mapping, state):
    cloud.add(mapping)
    first, second = cloud('audit')[1].splitlines()[:2]
    assert first.startswith(f'MAPPING {state} - ') and ' | mapped=' in first
    assert second.startswith('+--')


def test_an_audit_that_cannot_see_everything_is_unknown(cloud):
    cloud.files['west'].unlink()
    status, out, _ = cloud('audit')
    assert status == 3 and out.startswith('MAPPING UNKNOWN - ') and 'west' in out


def test_a_cell_that_is_away_makes_no_answer_look_complete(cloud):
    cloud.add(uuid_of(77))
    cloud.files['west'].unlink()
    status, _, err = cloud('list')
    assert status != 0 and 'database west' in err


def test_a_database_without_the_column_names_the_command_to_run(cloud):
    cloud.execute('west', 'ALTER TABLE instances DROP COLUMN mapping_uuid')
    status, _, err = cloud('find', uuid_of(1))
    assert status == 1 and 'run: nova-cascading db sync' in err


def test_a_mapping_goes_to_the_database_of_its_instance(cloud, written):
    instance = cloud.add(database='west')
    assert cloud('set', instance, uuid_of(77).upper())[0] == 0
    assert written == [('west', instance, uuid_of(77))]


def test_setting_what_is_set_asks_nobody(cloud, written):
    cloud('set', cloud.add(uuid_of(77)), uuid_of(77))
    cloud('unset', cloud.add())
    assert written == []


def test_a_server_that_is_taken_in_any_cell_needs_force(cloud, written):
    owner, instance = cloud.add(uuid_of(77), 'west'), cloud.add()
    status, _, err = cloud('set', instance, uuid_of(77))
    assert (status, written) == (1, []) and owner in err and '--force' in err
    assert cloud('set', instance, uuid_of(77), '--force')[0] == 0
    assert written == [('main', instance, uuid_of(77))]


def test_an_export_is_what_an_import_reads(cloud, written, tmp_path):
    mapped = [(cloud.add(uuid_of(70 + number), name), uuid_of(70 + number))
              for number, name in enumerate(('main', 'west') * 4)]
    cloud.add()
    file = tmp_path / 'mappings.csv'
    assert cloud('export', str(file))[0] == 0
    assert sorted(map(tuple, list(csv.reader(file.read_text().splitlines()))[1:])) == mapped
    assert file.stat().st_mode & 0o777 == 0o600
    assert cloud('import', str(file))[1] == '0 set, 8 unchanged, 0 failed\n'
    cloud.execute('west', 'UPDATE instances SET mapping_uuid = NULL')
    assert cloud('import', '--dry-run', str(file))[1] == '4 to be set, 4 unchanged, 0 failed\n'
    assert written == []
    assert cloud('import', str(file))[1] == '4 set, 4 unchanged, 0 failed\n'
    assert written == [('west', *pair) for pair in mapped[1::2]]


def test_an_export_never_replaces_a_file(cloud, tmp_path):
    (tmp_path / 'kept').write_text('precious')
    status, _, err = cloud('export', str(tmp_path / 'kept'))
    assert status == 1 and 'kept' in err and (tmp_path / 'kept').read_text() == 'precious'


def test_an_import_keeps_other_mappings_unless_told_so_and_goes_on_after_a_line_that_fails(cloud, written, tmp_path):
    taken, free, unknown = cloud.add(uuid_of(70)), cloud.add(), uuid_of(999)
    file = tmp_path / 'mappings.csv'
    file.write_text('mapping_uuid,instance_uuid,comment\n' + ''.join(
        f'{uuid_of(80 + number)},{instance},x\n' for number, instance in enumerate((taken, unknown, free))))
    status, out, err = cloud('import', str(file))
    assert (status, out) == (1, '1 set, 0 unchanged, 2 failed\n')
    assert 'line 2: instance ' + taken in err and '--overwrite' in err and 'line 3: no database' in err
    assert written == [('main', free, uuid_of(82))]
    assert cloud('import', '--overwrite', str(file))[1] == '2 set, 0 unchanged, 1 failed\n'


@pytest.mark.parametrize('text, said', [
    ('', 'the first line must name the columns'), ('a,b\n1,2\n', 'the first line must name the columns'),
    ('instance_uuid,mapping_uuid\n{good},{good}\n{good}\n', 'line 3: '),
    ('instance_uuid,mapping_uuid\n{good},\n', "line 2: '' is not a UUID"),
    ('instance_uuid,mapping_uuid\n{good},{good}x\n', 'line 2: ')])
def test_a_file_with_anything_wrong_is_refused_before_anything_is_set(cloud, written, tmp_path, text, said):
    file = tmp_path / 'mappings.csv'
    file.write_text(text.format(good=cloud.add()))
    status, _, err = cloud('import', str(file))
    assert (status, written) == (1, []) and said in err and 'Traceback' not in err


def test_bytes_that_are_no_text_are_refused_by_name(cloud, tmp_path):
    file = tmp_path / 'mappings.csv'
    file.write_bytes(b'instance_uuid,mapping_uuid\n\xff\xfe\x00,\n')
    status, _, err = cloud('import', str(file))
    assert status == 1 and f'{file} is no CSV file' in err


@pytest.mark.parametrize('words, status', [(['list', '-f', 'csv'], 1), (['audit', '-f', 'csv'], 3)])
def test_a_name_that_is_no_text_is_an_error_of_its_database(cloud, words, status):
    cloud.execute('main', "INSERT INTO instances (uuid, host, vm_state) VALUES ('u', CAST(x'62ff' AS TEXT), 'active')")
    code, _, err = cloud(*words)
    assert (code, 'database main' in err, 'bug' in err) == (status, True, False)


def test_a_file_that_a_spreadsheet_wrote_is_read(cloud, written, tmp_path):
    file = tmp_path / 'mappings.csv'
    file.write_text(f'\ufeffinstance_uuid,mapping_uuid\r\n{cloud.add()},{uuid_of(70)}\r\n')
    assert cloud('import', str(file))[0] == 0
    assert written == [('main', uuid_of(1), uuid_of(70))]


def test_an_import_obeys_the_rules_of_set(cloud, written, tmp_path):
    owner, instance = cloud.add(uuid_of(77), 'west'), cloud.add()
    file = tmp_path / 'mappings.csv'
    file.write_text(f'instance_uuid,mapping_uuid\n{instance},{uuid_of(77)}\n')
    status, out, err = cloud('import', str(file))
    assert (status, out, written) == (1, '0 set, 0 unchanged, 1 failed\n', []) and owner in err and '--force' in err
    assert cloud('import', '--dry-run', str(file))[1] == '0 to be set, 0 unchanged, 1 failed\n'
    assert cloud('import', '--force', str(file))[0] == 0
    assert written == [('main', instance, uuid_of(77))]


@pytest.mark.parametrize('force', [False, True])
def test_lines_that_contradict_each_other_are_refused_before_anything_is_set(cloud, written, tmp_path, force):
    one, two = cloud.add(), cloud.add()
    words = ['import', '--force'] if force else ['import']
    file = tmp_path / 'mappings.csv'
    file.write_text(f'instance_uuid,mapping_uuid\n{one},{uuid_of(70)}\n{two},{uuid_of(70).upper()}\n')
    status, _, err = cloud(*words, str(file))
    assert (status, len(written)) == ((0, 2) if force else (1, 0))
    assert force or f'line 3: the server {uuid_of(70)} stands in line 2 already' in err
    file.write_text(f'instance_uuid,mapping_uuid\n{one},{uuid_of(70)}\n{one},{uuid_of(71)}\n')
    status, _, err = cloud(*words, '--overwrite', str(file))
    assert status == 1 and f'line 3: the instance {one} stands in line 2 already' in err


def test_an_import_reads_a_pipe(cloud, written, tmp_path):
    pipe = tmp_path / 'pipe'
    os.mkfifo(pipe)
    text = f'instance_uuid,mapping_uuid\n{cloud.add()},{uuid_of(70)}\n'
    writer = threading.Thread(target=pipe.write_text, args=(text,))
    writer.start()
    assert cloud('import', str(pipe))[0] == 0
    writer.join()
    assert written == [('main', uuid_of(1), uuid_of(70))]


def test_a_list_that_nobody_reads_to_its_end_ends_like_any_other_program(cloud):
    cloud.execute('main', 'WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number '
                  'WHERE n < 4000) '
                  "INSERT INTO instances (uuid, vm_state) SELECT printf('%036d', n), 'active' FROM number")
    run = f"import sys, types; nova = sys.modules['nova'] = types.ModuleType('nova'); nova.__path__ = ['{SOURCE}']; " \
          'from nova.cascading import cli; sys.exit(cli.main())'
    words = [sys.executable, '-B', '-c', run, 'mapping', 'list', '--format', 'csv', '--config-file', str(cloud.conf)]
    listing = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    listing.stdout.readline()
    listing.stdout.close()
    assert (listing.wait(60), listing.stderr.read()) == (-signal.SIGPIPE, '')
