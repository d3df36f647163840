"""The project keeps its own rules: shell that any sh runs, files short enough to read, imports that run one way."""

import subprocess

import pytest

from builder.commands.test import LINTERS as TOOLS
from builder.common.project import PROJECT

LONGEST = 350


def tracked(*patterns):
    command = ['git', '-c', f'safe.directory={PROJECT}', 'ls-files', '-co', '--exclude-standard', '--', *patterns]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return [PROJECT / name for name in listed.stdout.splitlines() if (PROJECT / name).is_file()]


def test_shell_scripts_are_shellcheck_clean():
    scripts = [path for path in tracked() if path.read_bytes()[:20].startswith((b'#!/bin/sh', b'#! /bin/sh'))]
    assert scripts
    done = subprocess.run(['shellcheck', '-s', 'sh', *scripts], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_file_stays_short_enough_to_hold_in_mind():
    lengths = {str(path.relative_to(PROJECT)): len(path.read_text().splitlines()) for path in tracked('*.py', '*.sh')}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_what_runs_inside_nova_knows_nothing_of_the_builder():
    sources = {path: path.read_text() for path in tracked('src/nova')}
    assert [path for path, text in sources.items() if 'import builder' in text or 'from builder' in text] == []


# Nova of 2014 on Python 2.6 brings argparse; urllib.parse and shlex.quote stand in a try beside their older places.
OLD_PYTHON = ['vermin', '-q', '-t=2.6-', '--violations', '--backport', 'argparse', '--exclude', 'urllib.parse',
              '--exclude', 'shlex.quote', 'src/nova', 'installation', 'rpm/yum-plugin.py']


@pytest.mark.parametrize('check', [['ruff', 'check', '.'], ['mypy', '--no-error-summary'], OLD_PYTHON],
                         ids=lambda words: words[0])
def test_python_is_clean(check):
    tool = TOOLS / 'bin' / check[0]
    if not tool.exists():
        pytest.skip(f'{check[0]} is not installed: it comes from PyPI, which `./build.sh test` could not reach')
    done = subprocess.run([tool, *check[1:]], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
