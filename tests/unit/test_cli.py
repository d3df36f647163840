"""build.sh tells what it can do, and tells wrong usage from bad input by its exit status."""

import subprocess
from pathlib import Path

import pytest

from builder.cli import COMMANDS

PROJECT = Path(__file__).resolve().parents[2]


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


def test_help_of_the_default_command_explains_the_sources():
    done = build('build', '--help')
    assert done.returncode == 0
    assert 'icehouse = 2014.1.5' in done.stdout and '.src.rpm' in done.stdout


@pytest.mark.parametrize('words', [
    ['--only', 'ebuild'], ['--revision', '0'], ['--revision', 'x'], ['a', 'b'], ['--no-such-option'],
    ['--stock-version', '2:1-1', '2014.1.5'], ['--only', 'rpm', '--companions', '.', '2014.1.5'],
])
def test_wrong_usage_exits_with_2_and_builds_nothing(words, tmp_path):
    done = build(*words, '--to', str(tmp_path / 'dist'))
    assert done.returncode == 2, done.stderr
    assert not (tmp_path / 'dist').exists()


@pytest.mark.parametrize('source', ['no-such-release', './no/such/file.deb'])
def test_a_bad_source_exits_with_1_and_names_it_and_the_next_step(source, tmp_path):
    done = build(source, '--to', str(tmp_path / 'dist'))
    assert done.returncode == 1
    assert source in done.stderr and 'Next: ' in done.stderr
    assert 'Traceback' not in done.stderr
    assert not (tmp_path / 'dist').exists()
