"""The distribution's own tools: finds out what is missing and installs it, or says how to; runs them."""

from __future__ import annotations

import atexit
import importlib
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from builder.common import manager, needs
from builder.common.errors import BuildError, tail

__all__ = ['need', 'run', 'tail']
INSTALLING = threading.Lock()
RPM = ('rpm', 'rpm2archive', 'rpmkeys')


def need(wanted: Iterable[str]) -> None:
    """Make sure that tools are there; as root, install what is missing.

    :param wanted: names in needs.tsv: commands, ``module:NAME``, or paths.
    :raises BuildError: when something is missing and cannot be installed here, or not by this user.
    """
    # The deb and the rpm are built side by side, and two package managers at once refuse each other.
    with INSTALLING:
        missing = needs.missing(wanted)
        if missing:
            obtain(missing)


def obtain(missing: Sequence[needs.Need]) -> None:
    names = ', '.join(need.name for need in missing)
    if not manager.name():
        raise BuildError(f'missing: {names}; this system has neither apt-get nor dnf nor yum to install them with',
                         f'install them, on Debian called {" ".join(sorted({need.deb for need in missing}))}')
    packages = sorted({need.package(manager.family()) for need in missing})
    if '' in packages:
        unknown = [need for need in missing if not need.package(manager.family())]
        raise BuildError(f'missing: {", ".join(need.name for need in unknown)}, which no package of this '
                         f"system's family is known to have",
                         f'do this on Debian ({" ".join(sorted({need.deb for need in unknown}))})'
                         + (', or leave it out with --only rpm' if 'build' in unknown[0].commands else ''))
    if not manager.is_root():
        raise BuildError(f'missing tools: {", ".join(packages)}; only root may install them', manager.command(packages))
    manager.install(packages)
    importlib.invalidate_caches()
    still = [need.name for need in missing if not need.present()]
    if still:
        raise BuildError(f'{", ".join(still)} is still missing after {" ".join(packages)} was installed',
                         f'see that {manager.name()} and this Python belong to the same system')


def run(command: Sequence[str | Path], *, cwd: str | Path | None = None,
        env: dict[str, str] | None = None, hint: str = '') -> str:
    """Run a tool and return its standard output.

    :param hint: the next command for the user, should the tool fail.
    :raises BuildError: with the end of what the tool printed, when it fails or cannot be run.
    """
    done = attempt(command, cwd=cwd, env=env, hint=hint)
    if done.returncode != 0:
        words = ' '.join(str(word) for word in command)
        raise BuildError(f'`{words}` failed with {status(done.returncode)}:\n{tail(done.stderr or done.stdout)}', hint)
    return done.stdout


def attempt(command: Sequence[str | Path], *, cwd: str | Path | None = None, env: dict[str, str] | None = None,
            hint: str = '') -> subprocess.CompletedProcess[str]:
    """Run a tool whose failure means something to the caller; see ``run``.

    :raises BuildError: when it cannot be run at all.
    """
    words = [str(word) for word in command]
    try:
        return subprocess.run(words, cwd=cwd, env=environment(words[0], env), stdin=subprocess.DEVNULL,
                              capture_output=True, encoding='utf-8', errors='replace')
    except OSError as error:
        raise cannot_run(words[0], cwd, error, hint) from None


def environment(tool: str, given: dict[str, str] | None = None) -> dict[str, str]:
    """What a tool runs in: rpm would obey ~/.rpmmacros, and make a database ~/.rpmdb on Debian."""
    known = dict(os.environ if given is None else given)
    return {**known, 'HOME': empty_home()} if tool in RPM else known


@cache
def empty_home() -> str:
    path = tempfile.mkdtemp(prefix='nova-cascading-home-')
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def cannot_run(tool: str, cwd: str | Path | None, error: OSError, hint: str = '') -> BuildError:
    if cwd is not None and not Path(cwd).is_dir():
        return BuildError(f'{cwd}, where {tool} was to run, is not there any more', 'run the same command again')
    if isinstance(error, FileNotFoundError):
        known = needs.table().get(tool)
        package = known.package(manager.family()) if known else ''
        how = manager.command([package]) if package and manager.name() else hint
        return BuildError(f'the tool {tool} is missing', how)
    return BuildError(f'the tool {tool} cannot be run: {os.strerror(error.errno or 0)}', hint)


def status(code: int) -> str:
    return f'signal {-code}' if code < 0 else f'status {code}'
