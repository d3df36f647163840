"""This machine's package manager, apt, dnf or yum: refreshes its lists, installs, and waits for who holds its locks."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from builder.common.errors import BuildError, tail
from builder.common.progress import say

# apt, dnf and yum, in their own words or by dnf's and yum's exit status, when another one is at work. apt-get's option
# DPkg::Lock::Timeout covers neither the package lists nor the downloads.
LOCKED = re.compile(r'Could not get lock|Unable to lock|Unable to acquire the dpkg|another copy is running|'
                    r'Another transaction is in progress')
LOCKED_STATUS = 200
LOCK_SECONDS, PAUSE = 300, 2
LISTS = Path('/var/lib/apt/lists')
CHANGED_BY_UPDATE = (LISTS, LISTS / 'partial', Path('/var/lib/apt/periodic/update-success-stamp'),
                     Path('/var/cache/apt/pkgcache.bin'))
HOUR, DAY = 3600, 86400
INSTALL = {'apt-get': ['apt-get', 'install', '--no-install-recommends'], 'dnf': ['dnf', 'install'],
           'yum': ['yum', 'install']}
QUIETLY = {'apt-get': ['apt-get', '-qq', '-y', 'install', '--no-install-recommends'],
           'dnf': ['dnf', '-q', '-y', '--setopt=exit_on_lock=1', 'install'],
           'yum': ['yum', '-q', '-y', '--setopt=exit_on_lock=1', 'install']}


@cache
def name() -> str:
    """``apt-get``, ``dnf`` or ``yum``, whichever this system is managed with; '' for none that we know."""
    if shutil.which('apt-get') and dpkg_has_the_system():
        return 'apt-get'
    return next((tool for tool in ('dnf', 'yum') if shutil.which(tool)), '')


def dpkg_has_the_system() -> bool:
    # EL and Fedora have apt as a program, too: mmdebstrap and debootstrap bring it.
    return bool(shutil.which('dpkg-query')) and \
        subprocess.run(['dpkg-query', '-W', 'dpkg'], capture_output=True).returncode == 0


def family() -> str:
    return 'rpm' if name() in ('dnf', 'yum') else 'deb'


def is_root() -> bool:
    # Under fakeroot the id says 0, but nothing can be installed.
    return os.geteuid() == 0 and 'FAKEROOTKEY' not in os.environ


def command(packages: Sequence[str]) -> str:
    """What a person types to install packages."""
    return ' '.join([*([] if is_root() else ['sudo']), *INSTALL[name()], *map(shlex.quote, packages)])


def install(packages: Sequence[str]) -> None:
    """Install packages, as root, from lists that are not too old to be true.

    :raises BuildError: with the end of what the package manager said.
    """
    say(f'build.sh: installing {" ".join(packages)}')
    refresh()
    done = run([*QUIETLY[name()], *packages])
    if done.returncode:
        raise BuildError(f'{name()} could not install {" ".join(packages)}: status {done.returncode}\n'
                         f'{tail(done.stdout)}', command(packages))


@cache
def refresh() -> str:
    """Read apt's package lists anew, once in a run, when they are older than an hour; dnf and yum do so themselves.

    :returns: why that failed; '' when all is well.
    """
    if name() != 'apt-get' or not is_root() or age() < HOUR:
        return ''
    say('build.sh: reading the package lists anew (apt-get update)')
    done = run(['apt-get', '-qq', '-o', 'APT::Update::Error-Mode=any', '-o', 'Acquire::Retries=1', 'update'])
    if done.returncode:
        say(f'build.sh: apt-get update failed; going on with lists that are {told(age())} old:\n{tail(done.stdout, 4)}')
    return tail(done.stdout, 4) if done.returncode else ''


def age() -> float:
    """Seconds since apt's lists changed last; infinite when there are none."""
    there = [path.stat().st_mtime for path in CHANGED_BY_UPDATE if path.exists()]
    if not LISTS.is_dir() or not any(LISTS.glob('*_Packages*')) or not there:
        return float('inf')
    return max(0.0, time.time() - max(there))


def told(seconds: float) -> str:
    """A duration for people."""
    if seconds == float('inf'):
        return 'endlessly'
    return f'{seconds / DAY:.0f} days' if seconds >= 2 * DAY else f'{seconds / HOUR:.0f} hours'


def run(words: Sequence[str], seconds: float = LOCK_SECONDS,
        cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the package manager; while another one holds a lock, wait, say so, and try again.

    :param seconds: how long to wait for the lock at most.
    :returns: how it ended, with both its outputs in stdout.
    """
    until, waited = time.monotonic() + seconds, False
    environment = dict(os.environ, LC_ALL='C.UTF-8', LANGUAGE='', DEBIAN_FRONTEND='noninteractive')
    while True:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              encoding='utf-8', errors='replace', env=environment, cwd=cwd)
        locked = done.returncode and (done.returncode == LOCKED_STATUS or LOCKED.search(done.stdout))
        if not locked or time.monotonic() > until:
            return done
        if not waited:
            waited = True
            holder = re.search(r'held by (process \d+( \([^)]*\))?)', done.stdout)
            say(f'build.sh: {holder[1] if holder else "another package manager"} holds the lock of {words[0]}; '
                f'waiting up to {seconds:.0f} s')
        time.sleep(PAUSE)
