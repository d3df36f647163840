"""The system's tools are the system's, whatever the caller's environment says, and none is waited for without end."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.installer_bed import part


@pytest.fixture
def tools(load):
    return load('host.tools')


@pytest.fixture
def errors(load):
    return load('errors')


def test_a_question_has_an_answer_and_a_status(tools):
    assert tools.ask(['sh', '-c', 'echo ü; exit 3']) == (3, 'ü\n')
    assert tools.ask(['no-such-tool']) == (tools.MISSING, '')
    assert tools.output(['no-such-tool']) == ''
    assert tools.call(['no-such-tool']) == tools.MISSING
    assert tools.call(['sh', '-c', 'exit 4'], quiet=True) == 4
    assert tools.which('sh') and not tools.which('no-such-tool')


@pytest.mark.parametrize('of', ['package', 'installer'])
def test_python_2_closes_as_many_files_as_may_be_open_and_not_as_many_as_could_be(tools, monkeypatch, of):
    """In containers without a limit that takes minutes, for each command."""
    monkeypatch.setattr(subprocess, 'MAXFD', 1 << 30, raising=False)
    assert (tools.ask(['true'])[0] if of == 'package' else part('run').run(['true'])[0]) == 0
    with Path(os.devnull).open() as one:
        assert one.fileno() < subprocess.MAXFD < 1 << 16


def test_more_than_a_pipe_holds_is_an_answer_too(tools):
    assert len(tools.output(['head', '-c', '300000', '/dev/zero'])) == 300000


@pytest.mark.parametrize('silent', ['sleep 91', 'echo begun; exec sleep 92', 'sleep 93 & wait', 'exec >&-; sleep 94'])
def test_who_does_not_answer_is_ended_with_all_he_started_and_named(tools, errors, silent):
    start = time.monotonic()
    with pytest.raises(errors.Unreachable, match='`sh -c .* has not answered within 0.3 s'):
        tools.ask(['sh', '-c', silent], seconds=0.3)
    assert time.monotonic() - start < 60
    number = silent.rpartition('sleep ')[2].split()[0]
    deadline = time.monotonic() + 60
    while subprocess.run(['pgrep', '-f', f'^sleep {number}'], stdout=subprocess.DEVNULL).returncode == 0:
        assert time.monotonic() < deadline


def test_work_that_takes_too_long_goes_on_and_is_told(tools, tmp_path, capsys):
    done = tmp_path / 'done'
    assert tools.call(['sh', '-c', f'sleep 0.6; echo >{done}'], seconds=0.1) == tools.LATE
    assert 'has not ended within 0.1 s, and goes on by itself' in capsys.readouterr().err
    deadline = time.monotonic() + 60
    while not done.exists():
        assert time.monotonic() < deadline


def test_the_callers_path_and_interpreters_settings_lead_nowhere(tools, monkeypatch, tmp_path):
    planted = tmp_path / 'id'
    planted.write_text('#!/bin/sh\necho planted\n')
    planted.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('PATH', f'.:{tmp_path}')
    for name in ('PYTHONPATH', 'PERL5LIB', 'RUBYLIB', 'LD_LIBRARY_PATH', 'BASH_ENV', 'ENV', 'CDPATH'):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv('LANG', 'C')
    assert 'planted' not in tools.output(['id'])
    seen = dict(line.split('=', 1) for line in tools.output(['env']).splitlines())
    assert seen['PATH'] == tools.PATH and seen['LANG'] == 'C'
    assert str(tmp_path) not in seen.values()
