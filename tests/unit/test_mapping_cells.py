"""What the mapping tool does where cells differ: one is away, slower, sorted otherwise, or has another one's name."""

import functools
import itertools
import json

import pytest

from tests.unit.mappings import uuid_of

HEADER = 'instance_uuid,mapping_uuid\n'


@pytest.fixture
def conductors(cloud, load, monkeypatch):
    """Conductors that write at once; `answers` has their states by database, `asked` those that were asked for them."""
    write, survey = load('mapping.write'), load('conductors.survey')
    bus = type('Bus', (), {'of': lambda self, database: database})()
    found = type('Conductors', (), {'answers': {'main': survey.KEEPS, 'west': survey.KEEPS}, 'asked': []})()

    def of(_, database):
        found.asked.append(database.name)
        return [survey.Conductor('host', found.answers[database.name])]
    monkeypatch.setattr(write.Writer, 'bus', bus)
    monkeypatch.setattr(survey, 'of', of)
    monkeypatch.setattr(write.Writer, '_send', staticmethod(lambda database, instance, mapping: cloud.execute(
        database.name, 'UPDATE instances SET mapping_uuid = ? WHERE uuid = ?', mapping, instance)))
    return found


def listed(tmp_path, instances):
    file = tmp_path / 'mappings.csv'
    file.write_text(HEADER + ''.join(f'{one},{uuid_of(90 + number)}\n' for number, one in enumerate(instances)))
    return str(file)


def test_an_import_goes_on_in_the_other_cells_and_counts_what_failed(cloud, conductors, tmp_path, load):
    conductors.answers['west'] = load('conductors.survey').DOWN
    made = [cloud.add(database=name) for name in ('main', 'west', 'west', 'main')]
    status, out, err = cloud('import', listed(tmp_path, made))
    assert (status, out) == (2, '2 set, 0 unchanged, 2 failed\n')
    assert 'line 3: nothing was changed: no conductor of database west' in err and 'line 4: ' in err
    assert cloud.execute('main', 'SELECT mapping_uuid FROM instances') == [(uuid_of(90),), (uuid_of(93),)]
    assert conductors.asked == ['main', 'west'], 'each once'


@pytest.mark.parametrize('state', ['DOWN', 'SILENT', 'UNASKED'])
def test_a_conductor_that_nobody_knows_about_is_named_when_another_one_writes(cloud, conductors, load, monkeypatch,
                                                                             state):
    survey = load('conductors.survey')
    found = [survey.Conductor('one', survey.KEEPS), survey.Conductor('two', getattr(survey, state))]
    monkeypatch.setattr(survey, 'of', lambda *_: found)
    status, _, err = cloud('set', cloud.add(), uuid_of(90))
    assert status == 0 and f'whether the conductor on two (database main) keeps mappings: {found[1].state}' in err


def given(tmp_path, *pairs):
    file = tmp_path / 'mappings.csv'
    file.write_text(HEADER + ''.join(f'{one},{uuid_of(server)}\n' for one, server in pairs))
    return ['import', '--overwrite', str(file)]


@pytest.mark.parametrize('order', [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_what_one_line_frees_another_one_takes_wherever_it_stands(cloud, conductors, tmp_path, order):
    """The dry run says so, too."""
    made = [cloud.add(uuid_of(90 + number), name) for number, name in enumerate(('main', 'west') * 2)]
    words = given(tmp_path, *[(made[number], 91 + number) for number in order])
    assert cloud(*words, '--dry-run') == (0, '4 to be set, 0 unchanged, 0 failed\n', '')
    assert cloud(*words) == (0, '4 set, 0 unchanged, 0 failed\n', '')
    assert [row['mapping_uuid'] for name in ('main', 'west') for row in cloud.rows('list') if row['database'] == name
            ] == [uuid_of(number) for number in (91, 93, 92, 94)]


def test_a_line_that_fails_frees_nothing(cloud, conductors, tmp_path):
    one, two, other = (cloud.add(uuid_of(90 + number)) for number in range(3))
    words = given(tmp_path, (one, 91), (two, 92))
    for more in (['--dry-run'], []):
        status, out, err = cloud(*words, *more)
        assert status == 1 and out.endswith(' 0 unchanged, 2 failed\n')
        assert f'line 3: instance {other} stands for' in err and f'line 2: instance {two} stands for' in err


def test_instances_that_exchange_servers_are_refused_and_the_way_that_is_named_leads_there(cloud, conductors, tmp_path):
    one, two, other = cloud.add(uuid_of(90)), cloud.add(uuid_of(91), 'west'), cloud.add(uuid_of(92))
    words = given(tmp_path, (one, 91), (two, 90), (other, 93))
    dry, (status, out, err) = cloud(*words, '--dry-run'), cloud(*words)
    assert (dry[0], dry[2], status, out) == (1, err, 1, '1 set, 0 unchanged, 2 failed\n')
    assert f'line 2: instance {two} stands' in err and f'(nova-cascading mapping unset {one})' in err
    assert cloud('unset', one)[0] == 0
    assert cloud(*words)[:2] == (0, '2 set, 1 unchanged, 0 failed\n')


@pytest.fixture
def away(load, monkeypatch):
    """Has a database end with an error whenever it is read; returns the list of those that were."""
    instances, base, asked = load('mapping.instances'), load('database.dialects.base'), []
    reading = instances.reading

    def put(**errors):
        made = {'unreachable': lambda: base.errors.Unreachable('is away', 'see to it'),
                'gone': lambda: base.StatementError(base.GONE, 'Lost connection', base.HINTS[base.GONE])}

        def read(database):
            if database.name in errors:
                asked.append(database.name)
                raise made[errors[database.name]]()
            return reading(database)
        monkeypatch.setattr(instances, 'reading', read)
        return asked
    return put


@pytest.mark.parametrize('how', ['unreachable', 'gone'])
def test_an_import_asks_and_tells_of_a_database_that_is_away_once_and_not_for_each_line(cloud, conductors, tmp_path,
                                                                                       away, how):
    asked, file = away(west=how), listed(tmp_path, [cloud.add() for _ in range(3)])
    status, out, err = cloud('import', file)
    assert (status, out) == (2, '0 set, 0 unchanged, 3 failed\n') and asked == ['west']
    assert 'may stand for that server' in err and err.count('or say --force') == err.count('line 4: as line 2\n') == 1
    assert cloud('import', '--force', file)[:2] == (0, '3 set, 0 unchanged, 0 failed\n')


@pytest.mark.parametrize('main, west', itertools.permutations(['unreachable', 'gone']))
def test_databases_that_are_away_in_several_ways_are_away(cloud, conductors, tmp_path, away, main, west):
    """As while a server of them all is restarted: the first loses its connection, the next one gets none."""
    file, words = listed(tmp_path, [uuid_of(1), uuid_of(2)]), (['list'], ['find', uuid_of(90)], ['export'])
    asked = away(main=main, west=west)
    for status, _, err in [cloud(*one) for one in words] + [cloud('import', file)]:
        assert status == 2 and 'is away\n  see to it' in err and 'Lost connection\n  see that' in err
    assert asked == ['main', 'west'] * 4
    assert '0 set, 0 unchanged, 2 failed' in cloud('import', file)[1]


def test_an_error_that_is_kept_for_all_lines_keeps_none_of_them(cloud, conductors, load, away):
    """What is raised again and again grows with each, by all that it comes through."""
    away(main='gone')
    conductors.answers['main'] = load('conductors.survey').DOWN
    conf, instances = load('config').read([str(cloud.conf)]), load('mapping.instances')
    writer, database, lengths = load('mapping.write').Writer(conf), instances.all_databases(conf)[0], []
    for function in (lambda: instances.get(conf, uuid_of(1)), lambda: writer._refuse_losers(database)):
        for _ in range(3):
            with pytest.raises(load('errors').CascadingError) as raised:
                function()
            assert raised.value.status == 2 and raised.value.hint
            lengths.append(len(raised.traceback))
    assert lengths[:3] == lengths[:1] * 3 and lengths[3:] == lengths[3:4] * 3


def test_an_import_that_a_bug_ends_says_how_far_it_came(cloud, conductors, tmp_path, load, monkeypatch):
    work = load('mapping.csvfile').Import
    change = work._change

    def fail(self, uuid, server):
        return 1 / 0 if server == uuid_of(91) else change(self, uuid, server)
    monkeypatch.setattr(work, '_change', fail)
    status, out, err = cloud('import', listed(tmp_path, [cloud.add(), cloud.add()]))
    assert (status, out) == (1, '1 set, 0 unchanged, 0 failed\n') and 'bug' in err


@pytest.mark.parametrize(('late', 'status'), [(2, 0), (99, 1)])
def test_a_node_that_is_behind_is_read_again_before_a_conductor_is_blamed(cloud, conductors, load, monkeypatch, late,
                                                                         status):
    write = load('mapping.write')
    monkeypatch.setattr(write, 'LAG', 0.5)
    answers = itertools.chain([None] * late, itertools.repeat(uuid_of(77)))
    monkeypatch.setattr(write.Writer, '_stored', staticmethod(lambda *_: next(answers)))
    code, _, err = cloud('set', cloud.add(), uuid_of(77))
    assert (code, 'it runs stock nova' in err) == (status, bool(status))


def test_a_cell_called_main_is_another_than_the_main_database(cloud):
    cloud.execute('api', "UPDATE cell_mappings SET name = 'main'")
    for number, (database, deleted) in enumerate((('main', 0), ('main', 0), ('west', 0), ('west', 2))):
        cloud.add(uuid_of(50 + number % 3), database, deleted=deleted)
    assert cloud('audit')[0] == 0
    one = cloud.add(uuid_of(50), 'west')
    assert sorted((row['instance_uuid'], row['database']) for row in cloud.rows('audit')) == [
        (uuid_of(1), 'main'), (one, uuid_of(1))]


def in_danish(one, other):
    """As utf8_danish_ci compares: "aa" is a letter of its own behind all others."""
    one, other = [text.lower().replace('aa', '~') for text in (one, other)]
    return (one > other) - (one < other)


def test_a_database_that_sorts_otherwise_hides_no_duplicate(cloud, load, monkeypatch):
    """Danish and Norwegian collations have "aa" behind "z", at each place in a word."""
    instances = load('mapping.instances')

    def mappings(opened, condition):
        rows = opened.rows('SELECT mapping_uuid, id FROM instances WHERE mapping_uuid IS NOT NULL')
        is_late = condition.endswith(">= 'g'")
        for row in sorted(rows, key=functools.cmp_to_key(lambda one, other: in_danish(one[0], other[0]))):
            if (in_danish(row[0], 'g') >= 0) == is_late:
                yield row
    plain = instances.mappings
    monkeypatch.setattr(instances, 'mappings', lambda opened, condition: (
        mappings if 'main' in opened.title else plain)(opened, condition))
    heads = ['00aa', '0b00', '50aa', '5aa0', '5b00', 'a000', 'aa00', 'aaaa', 'aab0', 'ab00', 'b000', 'ffaa', 'ffff']
    servers = [f'{head}0000-0000-4000-8000-000000000000' for head in heads]
    shared = {cloud.add(server, database) for server in servers for database in ('main', 'west')}
    malformed = {cloud.add(wrong, database) for wrong in ('', 'zz', 'aa', 'AA') for database in ('main', 'west')}
    status, out, _ = cloud('audit', '--format', 'json')
    found = json.loads(out)
    assert status == 2 and len(found) == len(shared | malformed)
    assert {row['instance_uuid'] for row in found if row['problem'] == 'duplicate'} == shared


@pytest.fixture
def moving(cloud):
    """An instance that is being resized from `main` to `west`: it is in both; takes whether nova hides it in `main`."""
    def make(hidden):
        for name in ('main', 'west'):
            cloud.execute(name, 'ALTER TABLE instances ADD COLUMN hidden BOOLEAN')
        one = cloud.add(uuid_of(90), 'west')
        cloud.execute('main', "INSERT INTO instances (uuid, mapping_uuid, host, vm_state, hidden) "
                      "VALUES (?, ?, 'proxy-0', 'resized', ?)", one, uuid_of(90), hidden)
        return one
    return make


def test_an_instance_on_its_way_to_another_cell_is_one_where_nova_shows_it(cloud, conductors, moving, tmp_path):
    one, file = moving(True), tmp_path / 'mappings.csv'
    assert cloud('audit')[:2] == (0, 'MAPPING OK - 1 mapped, 0 unmapped, 0 duplicate, 0 malformed | '
                                     'mapped=1 unmapped=0 duplicate=0 malformed=0\n')
    for found in (cloud.rows('list'), cloud.rows('find', uuid_of(90)), [cloud.rows('show', one)]):
        assert [(row['instance_uuid'], row['database']) for row in found] == [(one, 'west')]
    assert cloud('export', str(file))[0] == 0
    assert cloud('import', str(file))[1] == '0 set, 1 unchanged, 0 failed\n'
    assert cloud('set', one, uuid_of(91))[0] == 0
    assert cloud.execute('west', 'SELECT mapping_uuid FROM instances') == [(uuid_of(91),)]


def test_an_instance_shares_its_server_with_others_and_not_with_a_copy_of_itself(cloud, moving):
    one = moving(False)
    assert cloud('audit')[0] == 0
    others = {cloud.add(uuid_of(90), name) for name in ('main', 'west')}
    assert {row['instance_uuid'] for row in cloud.rows('audit')} == others | {one}


@pytest.mark.parametrize('error', [ZeroDivisionError('x'), KeyboardInterrupt()])
def test_an_audit_that_ends_in_the_middle_is_a_whole_answer_to_a_program(cloud, load, monkeypatch, error):
    def fail(opened):
        raise error
    cloud.add()
    monkeypatch.setattr(load('mapping.instances'), 'count_mapped', fail)
    status, out, err = cloud('audit', '--format', 'json')
    assert (status, len(json.loads(out))) == (3, 1) and err.startswith('MAPPING UNKNOWN - ')
