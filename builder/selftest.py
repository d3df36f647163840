"""Runs the project's tests.

  unit    seconds, no root: rules, sources, rendering, repositories, style
  hosts   real hosts in chroots (root; builds them once, then keeps them in ~/.cache/nova-cascading/hosts)
  all     both; what happens when nothing is named

Words after `--` go to pytest as they are: `./build.sh test hosts -- -k swap -x`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from builder import needs, tools
from builder.progress import step

PROJECT = Path(__file__).resolve().parent.parent
LINTERS = Path('~/.cache/nova-cascading/linters').expanduser()
# A newer linter must not turn an unchanged tree red.
LINTER_PINS = ('ruff==0.17.6', 'mypy==2.4.1', 'vermin==1.9.2')


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('suite', nargs='?', choices=('unit', 'hosts', 'all'), default='all', help='which tests (all)')
    parser.add_argument('pytest', nargs='*', help='words for pytest, after --')


def run(args: argparse.Namespace) -> int:
    suites = ('unit', 'hosts') if args.suite == 'all' else (args.suite,)
    tools.need(needs.of_command('test'))
    if 'unit' in suites:
        install_linters()
    if 'hosts' in suites and os.geteuid() == 0:
        tools.need(needs.of_command('hosts'))
    return max([pytest(suite, args.pytest) for suite in suites])


def install_linters() -> None:
    """They are in no Debian release that this must run on; a machine without PyPI skips what they check."""
    if all((LINTERS / 'bin' / pin.partition('==')[0]).exists() for pin in LINTER_PINS):
        return
    with step('installing ruff, mypy and vermin'):
        subprocess.run([sys.executable, '-I', '-m', 'venv', LINTERS], check=True)
        subprocess.run([LINTERS / 'bin' / 'pip', '-q', 'install', *LINTER_PINS])


def pytest(suite: str, words: list[str]) -> int:
    # Real hosts wait for their services a third of the time. loadfile: tests of one file share the hosts they made.
    workers = len(os.sched_getaffinity(0)) + (suite == 'hosts')
    spread = ['-n', str(workers), '--dist', 'loadfile']
    command = [sys.executable, '-m', 'pytest', '-v', '--durations=15', *spread, f'tests/{suite}', *words]
    with step(f'{suite} tests'):
        return subprocess.run(command, cwd=PROJECT).returncode
