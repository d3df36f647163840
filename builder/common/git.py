"""Asks git, without the user's and the system's settings: these change what it prints, and whom it trusts."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Plumbing only reads, but a repository's own settings may name programs for it.
HARMLESS = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'log.showSignature=false']


def ask(checkout: Path, *words: str) -> str | None:
    """What git says of a checkout, whoever owns it; only for commands that print.

    :param checkout: its top directory; one further up that happens to be a checkout is not meant.
    :returns: its standard output without the last newline; None if this is no checkout, or git is missing or fails.
    """
    if not (checkout / '.git').exists():
        return None
    checkout = checkout.resolve()
    with settings(checkout) as env:
        try:
            done = subprocess.run(['git', '--no-optional-locks', *HARMLESS, '-C', str(checkout), *words],
                                  env=env, stdin=subprocess.DEVNULL, capture_output=True,
                                  encoding='utf-8', errors='replace')
        except OSError:
            return None
    return done.stdout.rstrip('\n') if done.returncode == 0 else None


@contextmanager
def settings(checkout: Path) -> Iterator[dict[str, str]]:
    """An environment in which git obeys no settings but ours, and trusts a checkout whoever owns it."""
    checkout = checkout.resolve()
    with tempfile.TemporaryDirectory(prefix='nova-cascading-') as home:
        # Git 2.30 to 2.37 take safe.directory from a file only, git before 2.32 finds that by HOME alone.
        written = Path(home) / '.gitconfig'
        written.write_text(f'[safe]\n\tdirectory = {quoted(checkout)}\n\tdirectory = *\n', encoding='utf-8')
        yield environment(home, checkout)


def quoted(path: Path) -> str:
    return '"' + str(path).replace('\\', '\\\\').replace('"', '\\"') + '"'


def environment(home: str, checkout: Path) -> dict[str, str]:
    stays = {name: value for name, value in os.environ.items() if not name.startswith('GIT_')}
    return {**stays, 'HOME': home, 'XDG_CONFIG_HOME': home, 'GIT_CONFIG_NOSYSTEM': '1',
            'GIT_CONFIG_GLOBAL': f'{home}/.gitconfig', 'GIT_CEILING_DIRECTORIES': str(checkout.parent),
            'GIT_NO_REPLACE_OBJECTS': '1',
            'LC_ALL': 'C.UTF-8', 'GIT_TERMINAL_PROMPT': '0'}
