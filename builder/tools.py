"""The distribution's own tools: finds out what is missing and installs it, or says how to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from builder.errors import BuildError

INSTALLING = threading.Lock()
# Seconds to wait for another package manager at work, e.g. unattended-upgrades (apt.conf(5)).
LOCK_TIMEOUT = 'DPkg::Lock::Timeout=120'


def need(wanted: dict[str, str]) -> None:
    """Make sure that tools are there; as root, install what is missing.

    :param wanted: command name, or ``/absolute/path`` -> Debian package that ships it.
    :raises BuildError: when something is missing and this user cannot install it.
    """
    # The deb and the rpm are built side by side, and two apt-get at once refuse each other.
    with INSTALLING:
        missing = sorted({package for tool, package in wanted.items() if not present(tool)})
        if missing:
            obtain(missing)


def obtain(missing: list[str]) -> None:
    command = 'apt-get install --no-install-recommends ' + ' '.join(missing)
    if shutil.which('apt-get') is None:
        raise BuildError(f"missing tools, and no apt-get here: {', '.join(missing)} (Debian's names)",
                         "install them with this system's own package manager, then run the same command again")
    if os.geteuid() != 0:
        raise BuildError(f'missing tools: {", ".join(missing)}; only root may install them', f'sudo {command}')
    print(f'build.sh: installing {" ".join(missing)}', file=sys.stderr, flush=True)
    install(missing, command)


def present(tool: str) -> bool:
    return Path(tool).exists() if tool.startswith('/') else shutil.which(tool) is not None


def install(packages: list[str], command: str) -> None:
    environment = dict(os.environ, DEBIAN_FRONTEND='noninteractive')
    for step in (['apt-get', '-qq', 'update'],
                 ['apt-get', '-qq', 'install', '-y', '--no-install-recommends', '-o', LOCK_TIMEOUT, *packages]):
        done = subprocess.run(step, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise BuildError(f'`{" ".join(step)}` failed with status {done.returncode}:\n{tail(done.stdout)}', command)


def run(command: Sequence[str | Path], *, cwd: str | Path | None = None,
        env: dict[str, str] | None = None, hint: str = '') -> str:
    """Run a tool and return its standard output.

    :param hint: the next command for the user, should the tool fail.
    :raises BuildError: with the end of what the tool printed, when it fails or is not there.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                              encoding='utf-8', errors='replace')
    except FileNotFoundError:
        raise BuildError(f'the tool {words[0]} is missing', hint) from None
    if done.returncode != 0:
        said = tail(done.stderr or done.stdout)
        raise BuildError(f'`{" ".join(words)}` failed with status {done.returncode}:\n{said}', hint)
    return done.stdout


def tail(text: str, lines: int = 15) -> str:
    return '\n'.join('    ' + line for line in text.strip().splitlines()[-lines:])
