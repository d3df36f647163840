"""An error that nobody foresaw is one message; its traceback is in the system's log, without passwords."""

import json
import types

import pytest

from tests.installer_bed import part


@pytest.fixture
def logged(load, monkeypatch):
    """The lines that the system's log gets."""
    return log_of(load('failure'), monkeypatch)


def log_of(module, monkeypatch):
    lines = []
    monkeypatch.setattr(module, 'LOG', '/dev/null')
    monkeypatch.setattr(module, 'syslog', types.SimpleNamespace(
        LOG_PID=1, LOG_DAEMON=24, LOG_ERR=3, openlog=lambda *words: None,
        syslog=lambda level, line: lines.append(line)))
    return lines


@pytest.fixture
def broken(load, monkeypatch, capsys, tmp_path):
    """Runs a command that has a bug; gives its exit status and what it prints on standard error."""
    (tmp_path / 'nova.conf').write_text('[database]\nconnection = mysql://nova:secret@db/nova\n')

    def run(*words, error=None):
        def fail(*words):
            raise error or ZeroDivisionError('of mysql://nova:secret@db/nova\nby a \x1b[31mwizard')
        monkeypatch.setattr(load('database.databases'), 'ask', fail)
        status = load('cli').main(['db', *words, '--config-file', str(tmp_path / 'nova.conf')])
        return status, capsys.readouterr().err
    return run


def test_a_bug_is_one_message_that_says_where_its_traceback_is(logged, broken):
    status, said = broken('sync')
    assert status == 1 and 'please report it' in said and 'journalctl -t nova-cascading' in said
    assert 'Traceback' not in said and 'File "' not in said
    assert 'in fail' in ''.join(logged) and logged[0].startswith('nova-cascading (not packaged), Python 3')
    assert not [line for line in [said, *logged] if 'secret' in line or '\x1b' in line]
    assert not [line for line in logged if '\n' in line]


def test_a_bug_in_the_middle_leaves_a_whole_answer_to_a_program(logged, load, monkeypatch, tmp_path, capsys):
    databases, asking, command = load('database.databases'), load('database.asking'), load('migration.command')

    def fail(*_, **__):
        raise ZeroDivisionError('x')
    main, west = [databases.Database(name, f'sqlite:////{name}') for name in ('main', 'west')]
    monkeypatch.setattr(databases, 'ask', lambda *_: (
        [(main, asking.Answer(True, None)), (west, asking.Answer(False, None))], []))
    monkeypatch.setattr(command.connection, 'opened', fail)
    (tmp_path / 'nova.conf').write_text('')
    assert load('cli').main(['db', 'sync', '--format', 'json', '--config-file', str(tmp_path / 'nova.conf')]) == 1
    out, err = capsys.readouterr()
    assert [row['state'] for row in json.loads(out)] == ['nothing to do'] and 'bug' in err


def test_a_host_without_a_log_shows_it_when_asked_to(load, broken, monkeypatch, tmp_path):
    monkeypatch.setattr(load('failure'), 'LOG', str(tmp_path / 'no log'))
    _, said = broken('sync')
    assert 'again with NOVA_CASCADING_DEBUG=1' in said and 'Traceback' not in said
    monkeypatch.setenv('NOVA_CASCADING_DEBUG', '1')
    _, said = broken('sync')
    assert 'Traceback' in said and 'secret' not in said


@pytest.mark.parametrize('error, said', [
    (MemoryError(), 'memory'), (OSError(28, 'No space left on device'), 'No space left on device'),
    (OSError(24, 'Too many open files'), 'Too many open files')])
def test_what_the_host_has_run_out_of_is_no_bug(logged, broken, error, said):
    status, told = broken('sync', error=error)
    assert status == 2 and not logged
    assert f'this host has run out of something: {said}' in told.replace('[Errno 28] ', '').replace('[Errno 24] ', '')
    assert 'make room, then run the command again' in told and 'bug' not in told


def test_a_bug_keeps_no_service_from_starting(logged, broken):
    assert broken('check', '--gate', '--mend')[0] == 0
    assert logged


def test_what_the_user_can_mend_is_no_bug(logged, load, capsys):
    assert load('cli').main(['db', 'sync', '--config-file', '/no/such/file']) == 2
    assert 'bug' not in capsys.readouterr().err and not logged


def test_the_version_is_that_of_the_package(load, monkeypatch, tmp_path, capsys):
    (tmp_path / 'VERSION').write_text('3\n')
    monkeypatch.setattr(load('version'), '__file__', str(tmp_path / 'version.py'))
    with pytest.raises(SystemExit):
        load('cli').main(['--version'])
    assert capsys.readouterr().out == 'nova-cascading 3\n'


def test_the_preflight_reads_no_version_where_it_is_run(load, monkeypatch, tmp_path):
    """It is one file on standard input."""
    (tmp_path / 'VERSION').write_text('somebody else\'s\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(load('version'), '__file__', '<nova.cascading.version>')
    assert load('version').text() == '(not packaged)'


def test_a_bug_of_the_installer_is_told_and_logged_after_all_was_undone(monkeypatch):
    logged, transaction, undone = log_of(part('bug'), monkeypatch), part('transaction'), []

    def fail():
        raise ZeroDivisionError('by a\nwizard')
    with pytest.raises(part('say').Refusal, match='(?s)please report it.*journalctl.*Every file is what it was'):
        transaction.guarded(fail, [lambda: undone.append(True) or []])
    assert undone and 'in fail' in ''.join(logged) and not [line for line in logged if '\n' in line]


def test_no_memory_left_is_no_bug_of_the_installer_and_all_is_undone(monkeypatch):
    logged, undone = log_of(part('bug'), monkeypatch), []

    def fail():
        raise MemoryError
    with pytest.raises(part('say').Refusal, match='(?s)^there is no memory left.*Every file is what it was'):
        part('transaction').guarded(fail, [lambda: undone.append(True) or []])
    assert undone and not logged
