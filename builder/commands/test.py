"""Runs the project's tests.

  (nothing)  unit tests and the first contracts: the build at a terminal of a bare Debian, and the swap and the way back
             on a booted controller, with apt and with dnf
  unit       two to three minutes, no root: rules, sources, rendering, repositories, scripts, style
  hosts      every contract, on real hosts in chroots (root; builds them once and keeps them in
             ~/.cache/nova-cascading/hosts)
  all        unit and hosts
  everywhere all, and on every suite also what is expected to be the same on each; before a release

Where test hosts cannot run (no root, a plain container), that is said once, and they are SKIPPED.
Words after `--` go to pytest as they are: `./build.sh test hosts -- -k swap -x`; `--keep-failed` keeps the disks of
hosts whose test failed, and says how to open a shell in them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from builder.common import needs, tools
from builder.common.environment import for_pip
from builder.common.progress import say, step
from builder.common.project import PROJECT

LINTERS = Path('~/.cache/nova-cascading/linters').expanduser()
# A newer linter must not turn an unchanged tree red.
LINTER_PINS = ('ruff==0.17.6', 'mypy==2.4.1', 'vermin==1.9.2')
NOTHING_COLLECTED = 5  # of pytest: -k chose no test of this directory
# Seconds that one test may take; a stuck one must not hold up the rest for ever. With its set-up: layers may be built.
LIMITS = {'unit': 300, 'hosts': 1800}
# What pytest is told of a size, for tests on hosts.
CHOSEN = {'first': ['-m', 'first'], 'everywhere': ['--everywhere']}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('size', nargs='?', choices=('first', 'unit', 'hosts', 'all', 'everywhere'), default='first',
                        help='which tests (first)')
    parser.add_argument('pytest', nargs='*', help='words for pytest, after --')


def run(args: argparse.Namespace) -> int:
    tools.need(needs.of_command('test'))
    hosts = args.size != 'unit' and can_have_hosts(args.size)
    preparing = [prepare(part) for part in parts(args.size)] if hosts and not args.pytest else []
    statuses = []
    try:
        if args.size != 'hosts':
            install_linters()
            statuses.append(pytest('unit', args.pytest))
        if hosts:
            if preparing and args.size == 'first':
                with step('building test hosts'):
                    preparing[0].wait()
            elif preparing:
                say('building test hosts beside the tests, each of which waits for its own')
            statuses.append(pytest('hosts', CHOSEN.get(args.size, []) + args.pytest))
    finally:
        for part in preparing:
            part.terminate()
    done = [status for status in statuses if status != NOTHING_COLLECTED]
    return max(done or statuses or [os.EX_OK])


def can_have_hosts(size: str) -> bool:
    """Try what test hosts need, and say in one line what is lacking."""
    tried = subprocess.run([sys.executable, '-m', 'tests.hosts.lib.capable'], cwd=PROJECT, stdout=subprocess.PIPE,
                           text=True)
    if tried.returncode != 0:
        print(f'SKIPPED: all tests on real hosts: {tried.stdout.strip()}', file=sys.stderr, flush=True)
        return False
    tools.need(needs.of_command('first' if size == 'first' else 'hosts'))
    return True


def parts(size: str) -> list[str]:
    """What is built side by side. Tests start when the first part is there; who needs more waits for its own layers."""
    return ['first'] if size == 'first' else ['first', 'all', 'icehouse']


def prepare(size: str) -> subprocess.Popen:
    """Build the layers of hosts beside the unit tests, which leave the network alone."""
    return subprocess.Popen([sys.executable, '-m', 'tests.hosts.lib.prepare', size], cwd=PROJECT,
                            stdin=subprocess.DEVNULL)


def install_linters() -> None:
    """They are in no Debian release that this must run on; without PyPI, what they check is skipped."""
    pip = LINTERS / 'bin' / 'pip'
    listed = subprocess.run([pip, 'freeze'], capture_output=True, text=True).stdout.split() if pip.exists() else []
    if set(LINTER_PINS) <= set(listed):
        return
    with step(f'installing {", ".join(LINTER_PINS)}'):
        subprocess.run([sys.executable, '-I', '-m', 'venv', LINTERS], check=True)
        done = subprocess.run([pip, '-q', 'install', *LINTER_PINS], stdin=subprocess.DEVNULL, env=for_pip())
    if done.returncode != 0:
        print(f'SKIPPED: what {", ".join(LINTER_PINS)} check: PyPI could not be reached', file=sys.stderr, flush=True)


def pytest(suite: str, words: list[str]) -> int:
    """Run a directory of tests, or the files of it that the words name.

    :returns: pytest's exit status.
    """
    files = [word for word in words if word.startswith('tests/')]
    if files and not any(word.startswith(f'tests/{suite}') for word in files):
        return NOTHING_COLLECTED
    chosen = [word for word in words if word not in files or word.startswith(f'tests/{suite}')]
    chosen += [] if files else [f'tests/{suite}']
    # Real hosts wait for their services a third of the time.
    workers = len(os.sched_getaffinity(0)) + 2 * (suite == 'hosts')
    # Tests that share a host run one after the other; tests/hosts/conftest.py says which do.
    spread = ['-n', str(workers), '--dist', 'loadgroup' if suite == 'hosts' else 'loadfile']
    # By a thread: xdist's workers do not always run tests in the main thread, which signals would need.
    limit = [f'--timeout={LIMITS[suite]}', '--timeout-method=thread']
    command = [sys.executable, '-m', 'pytest', '-v', '--durations=15', *spread, *limit, *chosen]
    with step(f'{suite} tests'):
        return subprocess.run(command, cwd=PROJECT).returncode
