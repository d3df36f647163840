"""Which databases a nova has, over which message bus each is written to, and what its conductors' answers mean."""

import sqlite3

import pytest

CELL0 = '00000000-0000-0000-0000-000000000000'
CELLS = 'CREATE TABLE cell_mappings (id INTEGER PRIMARY KEY, uuid TEXT, name TEXT, database_connection TEXT, ' \
        'transport_url TEXT)'


@pytest.fixture
def found(load, tmp_path):
    """Gives (name, message bus) of each database, by the rows of cell_mappings and [database] connection."""
    def ask(main, *cells):
        with sqlite3.connect(tmp_path / 'api.sqlite') as api:
            api.execute(CELLS)
            api.executemany('INSERT INTO cell_mappings (uuid, name, database_connection, transport_url) '
                            'VALUES (?, ?, ?, ?)', cells)
        conf = tmp_path / 'nova.conf'
        conf.write_text(f'[database]\nconnection = {main}\n'
                        f'[api_database]\nconnection = sqlite:///{tmp_path}/api.sqlite\n')
        databases, problems = load('databases').of(load('config').read([str(conf)]))
        assert problems == []
        return [(database.name, database.transport) for database in databases]
    return ask


def test_each_cell_has_the_message_bus_that_the_api_database_names(found):
    assert found('sqlite:////zero', (CELL0, 'cell0', 'sqlite:////zero', 'none:///'),
                 ('1', 'west', 'sqlite:////west', 'rabbit://west/'), ('2', None, 'sqlite:////east', 'rabbit://east/'),
                 ) == [('main', None), ('west', 'rabbit://west/'), ('2', 'rabbit://east/')]


def test_a_cell_whose_database_is_the_main_one_is_one_with_it_and_keeps_its_bus(found):
    assert found('sqlite:////west', (CELL0, 'cell0', 'sqlite:////zero', 'none:///'),
                 ('1', 'west', 'sqlite:////west', 'rabbit://west/')) == [('main', 'rabbit://west/'), ('cell0', None)]


@pytest.mark.parametrize('states, status', [
    ((), 0), (('KEEPS',), 0), (('KEEPS', 'DOWN'), 0), (('DOWN',), 2), (('SILENT',), 2), (('KEEPS', 'SILENT'), 2),
    (('KEEPS', 'LOSES'), 1), (('LOSES', 'SILENT', 'DOWN'), 1)])
def test_what_the_answers_of_a_cells_conductors_mean_together(load, states, status):
    conductors = load('conductors')
    answers = [conductors.Conductor('host', getattr(conductors, state)) for state in states]
    assert conductors.verdict(answers) == status


def test_a_conductor_that_fails_otherwise_cannot_tell(load):
    conductors = load('conductors')
    assert conductors.verdict([conductors.Conductor('host', 'fails: RemoteError')]) == 2


def test_several_errors_are_told_together_with_the_worst_status(load):
    errors = load('errors')
    both = errors.together([errors.CascadingError('no column', 'sync it'), errors.Unreachable('cell2 is away')])
    assert both.status == 2 and 'no column\n  sync it\ncell2 is away' in str(both)
