"""Runs the tools that make a repository apart from everything the user has configured for other work."""

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Sequence
from pathlib import Path

from builder.common import tools

# No tool finds a ~/.rpmmacros, ~/.config/rpm or ~/.dpkg.cfg in it, and rpm cannot make it for the sake of a ~/.rpmdb.
NO_HOME = '/dev/null'
# What gpg-agent needs to ask for a passphrase; nothing here changes what a tool makes.
KEPT = ('GPG_TTY', 'TERM', 'DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS')
LOCKED = 'a key with a passphrase: at a terminal gpg-agent asks for it; elsewhere use gpg-preset-passphrase first'
APT_CONFIG = Path(__file__).parent / 'apt-ftparchive.conf'


def environment(home: str | Path = NO_HOME, **more: str) -> dict[str, str]:
    """The whole environment of a tool: what it is given is allowed by name, as nobody can name all that may harm.

    :param home: its HOME.
    :param more: further variables.
    """
    kept = {**terminal(), **{name: os.environ[name] for name in KEPT if name in os.environ}}
    return {**kept, 'PATH': os.environ.get('PATH', os.defpath), 'HOME': str(home), 'LC_ALL': 'C.UTF-8', 'TZ': 'UTC',
            'TMPDIR': tempfile.gettempdir(), 'APT_CONFIG': str(APT_CONFIG), 'GNUPGHOME': str(gnupg_home()), **more}


def terminal() -> dict[str, str]:
    """Where gpg-agent asks for a passphrase; few people set GPG_TTY."""
    try:
        return {'GPG_TTY': os.ttyname(0)}
    except OSError:  # standard input is no terminal
        return {}


def run(command: Sequence[str | Path], *, cwd: str | Path | None = None, hint: str = '', **more: str) -> str:
    """As ``tools.run``, in that environment.

    :param more: further environment variables.
    """
    return tools.run(command, cwd=cwd, env=environment(**more), hint=hint)


def user_home() -> Path:
    return Path(os.environ.get('HOME') or pwd.getpwuid(os.getuid()).pw_dir)


def gnupg_home() -> Path:
    """Where the user's keys are."""
    return Path(os.environ.get('GNUPGHOME') or user_home() / '.gnupg').absolute()
