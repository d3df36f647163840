"""No service starts, or is restarted, on a database that lacks the column; what can be added is added first."""

import sqlite3

import pytest

TABLES = ('instances', 'shadow_instances')


@pytest.fixture
def gate(load, tmp_path, monkeypatch, capsys):
    """Runs `nova-cascading db check --gate` on a database of stock nova; its answers are (status, messages)."""
    path, conf = tmp_path / 'nova.sqlite', tmp_path / 'nova.conf'
    with sqlite3.connect(path) as made:
        for table in TABLES:
            made.execute(f'CREATE TABLE {table} (id INTEGER PRIMARY KEY, uuid VARCHAR(36), deleted INTEGER)')
    conf.write_text(f'[database]\nconnection = sqlite:///{path}\n')
    config, asked = load('config'), []
    read = config.read
    monkeypatch.setattr(config, 'read', lambda files=None, directories=None: read(files or [str(conf)], directories))
    databases = load('database.databases')
    ask = databases.ask
    monkeypatch.setattr(databases, 'ask', lambda *words: asked.append(words) or ask(*words))

    def run(*words):
        capsys.readouterr()
        status = load('cli').main(['db', 'check', '--gate', *words])
        return status, ''.join(capsys.readouterr())

    run.conf, run.path, run.asked = conf, path, asked
    return run


def columns(path):
    with sqlite3.connect(path) as database:
        return {table: [row[1] for row in database.execute(f'PRAGMA table_info({table})')][3:] for table in TABLES}


def test_it_is_closed_without_the_column_and_says_what_to_run(gate):
    status, said = gate()
    assert status == 1 and 'run: nova-cascading db sync' in said
    assert columns(gate.path) == {'instances': [], 'shadow_instances': []}


def test_with_mend_it_adds_what_is_missing_and_asks_the_databases_only_once(gate):
    assert gate('--mend')[0] == 0
    assert columns(gate.path) == {'instances': ['mapping_uuid'], 'shadow_instances': ['mapping_uuid']}
    assert len(gate.asked) == 1
    assert gate('--mend') == (0, '')


def test_with_auto_migrate_off_it_only_looks(gate):
    gate.conf.write_text(gate.conf.read_text() + '[cascading]\nauto_migrate = false\n')
    assert gate('--mend')[0] == 1
    assert columns(gate.path)['instances'] == []


@pytest.mark.parametrize(('fails', 'status'), [('add_columns', 1), ('add_index', 0)])
def test_after_a_failure_in_the_middle_it_opens_when_the_column_is_there(gate, load, monkeypatch, fails, status):
    def fail(self, *words):
        raise load('errors').CascadingError('the disk is full')
    monkeypatch.setattr(load('database.dialects.sqlite').SQLite, fails, fail)
    found, said = gate('--mend')
    assert (found, 'the disk is full' in said) == (status, True)


def test_a_database_that_is_gone_in_the_middle_keeps_no_service_from_starting(gate, load, monkeypatch):
    """Nobody can tell then."""
    def go_away(self):
        monkeypatch.setattr(load('migration.desired'), 'Missing', go_away)
        raise load('errors').Unreachable('the server has gone away')
    monkeypatch.setattr(load('migration.worker').Worker, 'run', go_away)
    status, said = gate('--mend')
    assert (status, 'has gone away' in said) == (0, True)


def test_a_restart_asks_what_the_start_asks(gate, load, capsys):
    services = load('host.services')
    assert services.ask_gate() == (False, False)
    assert gate('--mend')[0] == 0
    assert services.ask_gate() == (True, True)
    with sqlite3.connect(gate.path) as database:
        database.execute('DROP INDEX instances_mapping_uuid_idx')
    assert services.ask_gate() == (True, False)
    gate.conf.write_text('[database]\nconnection = nonsense\n')
    assert services.ask_gate() == (True, False) and 'cannot be used' in capsys.readouterr().err


def test_a_database_that_nova_has_not_set_up_leaves_nothing_to_be_made_up_for(gate, load):
    """Nova's own sync then adds all."""
    with sqlite3.connect(gate.path) as database:
        database.executescript(';'.join(f'DROP TABLE {table}' for table in TABLES))
    assert load('host.services').ask_gate() == (True, True)


def test_an_interrupted_restart_is_interrupted(gate, load, monkeypatch):
    """It is no answer of the gate's."""
    def interrupt(*words):
        raise KeyboardInterrupt
    monkeypatch.setattr(load('migration.gate'), 'look', interrupt)
    with pytest.raises(KeyboardInterrupt):
        load('host.services').ask_gate()
