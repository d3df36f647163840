"""build.sh tells what it can do, and tells wrong usage from bad input by its exit status."""

import errno
import os
import re
import subprocess
from pathlib import Path

import pytest

from builder import cli
from builder.cli import COMMANDS
from builder.common.project import PROJECT
from tests import conditions, fakenova


def build(*words):
    return subprocess.run([PROJECT / 'build.sh', *words], capture_output=True, text=True)


def test_help_names_every_command():
    done = build('--help')
    assert done.returncode == 0
    for command in COMMANDS:
        assert f'\n  {command} ' in done.stdout


@pytest.mark.parametrize('command', COMMANDS)
def test_every_command_explains_itself(command):
    done = build(command, '--help')
    assert (done.returncode, done.stderr) == (0, '')
    assert f'usage: ./build.sh {command}' in done.stdout


@pytest.mark.parametrize(('command', 'meant'), [('publish', 'the key that signs'), ('verify', 'a key that is trusted')])
def test_help_says_whether_a_key_signs_or_is_trusted(command, meant):
    assert f'--key ID {meant}' in ' '.join(build(command, '--help').stdout.split())


def test_help_of_the_default_command_explains_the_sources():
    done = build('build', '--help')
    assert done.returncode == 0
    assert 'icehouse = 2014.1.5' in done.stdout and '.src.rpm' in done.stdout


@pytest.mark.parametrize('words', [
    ['--only', 'ebuild'], ['--revision', '0'], ['--revision', 'x'], ['a', 'b'], ['--no-such-option'],
    ['--stock-version', '2:1-1', '2014.1.5'], ['--only', 'rpm', '--companions', '.', '2014.1.5'],
    [''], ['--only='], ['zed', '--companions', ''],
])
def test_wrong_usage_exits_with_2_and_builds_nothing(words, tmp_path):
    done = build(*words, '--to', str(tmp_path / 'dist'))
    assert done.returncode == 2, done.stderr
    assert not (tmp_path / 'dist').exists()


@pytest.mark.parametrize('words', [['diff', ''], ['diff', 'zed', '--to', ''], ['publish', ''], ['publish', '--to='],
                                   ['withdraw', ''], ['verify', '--key', ''], ['test', 'unit', '']])
def test_a_variable_that_is_not_set_is_no_current_directory_and_not_everything(words, tmp_path):
    done = subprocess.run([PROJECT / 'build.sh', *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and 'an argument is empty' in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_series_of_patches_is_there_whole_or_not_at_all(tmp_path):
    tree = fakenova.write(tmp_path / 'nova', '26.3.0')
    limited = subprocess.run(['sh', '-c', 'ulimit -f 64; exec "$@"', 'sh', PROJECT / 'build.sh', 'diff', tree, '--to',
                              tmp_path / 'out'], capture_output=True, text=True)
    assert limited.returncode == 1 and 'ulimit -f' in limited.stderr and not (tmp_path / 'out').exists()
    done = build('diff', tree, '--to', tmp_path / 'out')
    assert done.returncode == 0 and sorted(done.stdout.split()) == sorted(map(str, (tmp_path / 'out').iterdir()))


@pytest.mark.parametrize('words, meant', [
    (['unit', '--', '-k', ''], ('unit', ['-k', ''])), (['--', '-k', 'word'], ('first', ['-k', 'word'])),
    (['--', 'unit'], ('first', ['unit'])), (['hosts', 'a.py', '--', '-x'], ('hosts', ['a.py', '-x'])),
    ([], ('first', []))])
def test_what_stands_behind_two_dashes_is_for_pytest(monkeypatch, words, meant):
    given = []
    monkeypatch.setattr('builder.commands.test.run', lambda args: given.append((args.size, args.pytest)))
    assert cli.main(['test', *words]) == 0 and given == [meant]


@pytest.mark.parametrize('source', ['no-such-release', './no/such/file.deb'])
def test_a_bad_source_exits_with_1_and_names_it_and_the_next_step(source, tmp_path):
    done = build(source, '--to', str(tmp_path / 'dist'))
    assert done.returncode == 1
    assert source in done.stderr and 'Next: ' in done.stderr
    assert 'Traceback' not in done.stderr
    assert not (tmp_path / 'dist').exists()


def test_what_nobody_foresaw_is_one_message_and_a_file_to_report(monkeypatch, capsys):
    def broken(*_):
        raise LookupError('nobody thought of this')
    monkeypatch.setattr(cli, 'run', broken)
    monkeypatch.delenv('NOVA_CASCADING_DEBUG', raising=False)
    assert cli.main(['diff', 'x']) == 1
    said = capsys.readouterr().err
    assert 'LookupError: nobody thought of this' in said and 'Traceback' not in said
    log = Path(re.search(r'the file (\S+)', said)[1])
    assert 'Traceback' in log.read_text() and log.stat().st_mode & 0o777 == 0o600
    log.unlink()


@pytest.mark.parametrize('number', [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.ENOENT])
def test_what_the_system_refuses_is_told_with_the_place_and_a_way_out(monkeypatch, capsys, number):
    def refused(*_):
        raise OSError(number, os.strerror(number), '/some/place')
    monkeypatch.setattr(cli, 'run', refused)
    assert cli.main(['diff', 'x']) == 1
    said = capsys.readouterr().err
    assert f'/some/place: {os.strerror(number)}' in said and 'Next: ' in said


def test_no_memory_left_is_no_mistake_of_ours(monkeypatch, capsys):
    def refused(*_):
        raise MemoryError
    monkeypatch.setattr(cli, 'run', refused)
    assert cli.main(['diff', 'x']) == 1
    assert 'there is no memory left\n  Next: free some memory' in capsys.readouterr().err


@pytest.mark.parametrize('condition', [*conditions.STREAMS, *conditions.TERMINALS, *conditions.LOCALES],
                         ids=lambda condition: condition.name)
def test_no_stream_terminal_or_locale_stops_a_command(condition, tmp_path):
    done = condition.run([PROJECT / 'build.sh', 'no-such-release'], cwd=tmp_path)
    assert done.returncode == 1 and 'Traceback' not in done.stdout + done.stderr
    done = condition.run([PROJECT / 'build.sh', '--version'], cwd=tmp_path)
    assert 'Traceback' not in done.stdout + done.stderr
    assert done.returncode == (1 if condition.name == 'stdout-full' else 0), done.stderr
