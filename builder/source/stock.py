"""Downloads, and does not install, the nova library package that this host's package manager offers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from builder import tools
from builder.errors import BuildError
from builder.source import cache

NAMES = ('python3-nova', 'python-nova')
OTHERWISE = 'name another source: a release (./build.sh 26.3.0), or the path of a tarball, tree or package'


def download(work: Path) -> Path:
    """The package's file.

    :param work: an existing directory.
    :raises BuildError: the package manager offers none, or lists one it does not have.
    """
    if shutil.which('apt-get') and Path('/etc/apt').is_dir():
        return _apt(work)
    if shutil.which('dnf'):
        return _fetched(['dnf', '--quiet', 'download', '--destdir', str(work)], work, '*.rpm')
    if shutil.which('yumdownloader'):
        return _fetched(['yumdownloader', '--quiet', '--destdir', str(work)], work, '*.rpm')
    raise BuildError('this host has neither apt-get nor dnf nor yumdownloader to get a stock nova with', OTHERWISE)


def _apt(work: Path) -> Path:
    offered = _offer()
    if offered is None and os.geteuid() == 0:
        subprocess.run(['apt-get', '-qq', 'update'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        offered = _offer()
    if offered is None:
        raise BuildError(f'this host offers no stock nova ({" or ".join(NAMES)})',
                         f'`apt-get update`, if the package lists are old; else {OTHERWISE}')
    name, file, sha256 = offered
    kept = cache.directory() / file
    if kept.is_file() and cache.sha256(kept) == sha256:
        return kept
    return cache.keep(_fetched(['apt-get', '-qq', 'download'], work, '*.deb', (name,)))


def _offer() -> tuple[str, str, str] | None:
    """(package, file name, sha256) of what apt would download."""
    for name in NAMES:
        done = subprocess.run(['apt-get', '-qq', 'download', '--print-uris', name], capture_output=True, text=True)
        found = re.match(r"'\S+' (\S+) \d+ SHA256:(\w+)", done.stdout)
        if done.returncode == 0 and found:
            return name, found[1], found[2]
    return None


def _fetched(command: list[str], work: Path, pattern: str, names: tuple[str, ...] = NAMES) -> Path:
    said = ''
    for name in names:
        done = subprocess.run([*command, name], cwd=work, capture_output=True, text=True)
        found = sorted(work.glob(pattern))
        if done.returncode == 0 and found:
            return found[0]
        said += done.stderr
    raise BuildError(f'the package manager could not download {" or ".join(names)}:\n{tools.tail(said, 4)}',
                     f'check the network and refresh the package lists; or {OTHERWISE}')
