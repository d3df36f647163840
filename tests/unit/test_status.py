"""What `nova-cascading status` tells people and programs; databases are SQLite files, conductors are given."""

import json
import sqlite3
import types

import pytest

COLUMNS = {'kind', 'name', 'database', 'state', 'detail', 'next'}


@pytest.fixture
def status(load, tmp_path, monkeypatch, capsys):
    """Runs the command; its `answers` are (host, state) of the conductors."""
    path = tmp_path / 'nova.sqlite'
    with sqlite3.connect(path) as main:
        for table in ('instances', 'shadow_instances'):
            main.execute(f'CREATE TABLE {table} (id INTEGER PRIMARY KEY, uuid TEXT)')
    conf = tmp_path / 'nova.conf'
    conf.write_text(f'[database]\nconnection = sqlite:///{path}\n')
    module, cli = load('host.status'), load('cli')
    monkeypatch.setattr(module.nova, '__file__', str(tmp_path / '__init__.py'), raising=False)
    monkeypatch.setattr(module.bus, 'Bus', lambda given: None)

    def run(*words):
        answers = [run.survey.Conductor(*one) for one in run.answers]
        monkeypatch.setattr(run.survey, 'of', lambda bus, database: answers)
        capsys.readouterr()
        return (cli.main(['status', *words, '--config-file', str(run.conf)]), *capsys.readouterr())

    run.module = module
    run.answers, run.conf, run.survey = [], conf, module.survey
    return run


def facts(status, kind):
    code, out, err = status('--format', 'json')
    assert err == ''
    rows = json.loads(out)
    assert all(set(row) == COLUMNS for row in rows)
    return code, [row for row in rows if row['kind'] == kind]


def test_programs_read_the_state_of_each_database_and_the_next_command(status):
    code, found = facts(status, 'database')
    assert code == 1
    assert [(row['name'], row['state'], row['next']) for row in found] == [
        ('main', 'lacking', 'nova-cascading db sync')]


def test_programs_read_which_conductor_loses_mappings(status):
    states = status.survey
    status.answers = [('one', states.KEEPS), ('two', states.LOSES), ('three', 'fails: RemoteError'),
                      ('four', states.DOWN), ('five', states.SILENT)]
    code, found = facts(status, 'conductor')
    assert [(row['name'], row['database'], row['state']) for row in found] == [
        ('one', 'main', 'keeps'), ('two', 'main', 'loses'), ('three', 'main', 'fails'), ('four', 'main', 'down'),
        ('five', 'main', 'silent')]
    assert facts(status, 'conductors')[1][0]['state'] == 'lose'


def test_a_database_that_cannot_be_asked_is_unknown_and_never_nothing(status, tmp_path):
    (tmp_path / 'nova.sqlite').unlink()
    code, found = facts(status, 'database')
    assert code != 0 and found[0]['state'] == 'unknown'
    told = status()
    assert 'cannot tell: database main' in told[1] and told[1].count('database main') == 1


def test_a_compute_host_whose_database_cannot_be_asked_has_nothing_to_do(status, load, monkeypatch):
    monkeypatch.setattr(load('installed'), 'programs', lambda: {'nova-compute', 'nova-manage'})
    status.conf.write_text('[database]\nconnection = mysql+absent://nova@db/nova\n')

    def survey(bus, database):
        database.engine()
    monkeypatch.setattr(status.module, 'survey', types.SimpleNamespace(of=survey))
    code, found = facts(status, 'database')
    assert (code, found[0]['state'], found[0]['next']) == (0, 'left alone', None)
    assert facts(status, 'conductors') == (0, [])


def test_a_compute_host_with_the_distributions_own_nova_conf_has_nothing_to_do(status, load, monkeypatch):
    """Debian's names /var/lib/nova/novadb, which is nowhere; the conductors are found in it."""
    status.conf.write_text('[database]\nconnection = sqlite:////var/lib/nova/novadb\n')

    def survey(bus, database):
        with load('database.connection').opened(database):
            pytest.fail('there is such a database')

    monkeypatch.setattr(status.module, 'survey', types.SimpleNamespace(of=survey))
    code, out, err = status()
    assert (code, err) == (0, '')
    assert 'nova.conf names no database' in out and 'novadb' not in out


@pytest.mark.parametrize(('answers', 'kind'), [([], 'keep'), ([('one', 'keeps mappings')], 'keep'),
                                               ([('one', 'down')], 'unknown')])
def test_what_the_conductors_of_a_database_mean_together_is_a_fact_of_its_own(status, answers, kind):
    status.answers = answers
    assert facts(status, 'conductors')[1][0]['state'] == kind


def test_a_cell_is_asked_where_nova_conf_names_the_api_database_alone(status, tmp_path):
    with sqlite3.connect(tmp_path / 'api.sqlite') as api:
        api.execute('CREATE TABLE cell_mappings (id INTEGER, uuid TEXT, name TEXT, database_connection TEXT, '
                    'transport_url TEXT)')
        api.execute("INSERT INTO cell_mappings VALUES (1, 'u', 'west', ?, 'rabbit://west/')",
                    [f'sqlite:///{tmp_path}/nova.sqlite'])
    status.conf.write_text(f'[api_database]\nconnection = sqlite:///{tmp_path}/api.sqlite\n')
    status.answers = [('one', status.survey.LOSES)]
    code, found = facts(status, 'conductor')
    assert code == 1 and [(row['database'], row['state']) for row in found] == [('west', 'loses')]


@pytest.mark.parametrize('error', [ZeroDivisionError('x'), KeyboardInterrupt()])
def test_an_answer_that_ends_in_the_middle_is_whole_to_a_program(status, monkeypatch, error):
    def fail(conf):
        raise error
    monkeypatch.setattr(status.module, 'PARTS', [status.module.settings, fail])
    code, out, err = status('--format', 'json')
    assert code == 1 and [row['name'] for row in json.loads(out)] == ['auto_migrate'] and err


def test_people_read_a_line_each(status):
    status.answers = [('one', status.survey.KEEPS)]
    code, out, _ = status()
    assert out.splitlines()[-1] == 'conductor on one: keeps mappings'
    assert 'auto_migrate: true' in out and 'next: nova-cascading db sync' in out


def test_every_format_has_the_same_columns(status):
    assert status('-f', 'csv')[1].splitlines()[0] == 'kind,name,database,state,detail,next'
    assert 'option auto_migrate' in status('-f', 'value')[1]
