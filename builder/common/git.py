"""Asks git about repositories that anybody may have made: nothing that these, the user or the system set is obeyed.

A repository's own settings name programs that git runs (for a partial clone's missing objects, for the state of files)
and files that it reads, and every git knows more of them. So git does not meet them: it is shown a repository of ours
that has the objects and names of theirs, as git's own contrib/workdir makes one.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What a repository holds. Its config, hooks, attributes, grafts and other work trees stay out.
CONTENT = ('objects', 'refs', 'packed-refs', 'shallow', 'reftable')
CONFIG = '[core]\n\trepositoryformatversion = 1\n\tbare = true\n'
REFTABLE = '[extensions]\n\trefStorage = reftable\n'


def ask(checkout: Path, *words: str) -> str | None:
    """What git says of a checkout, whoever owns it; for commands that print, and look at no files of its own.

    :param checkout: its top directory; one further up that happens to be a checkout is not meant.
    :returns: its standard output without the last newline; None if this is no checkout, or git is missing or fails.
    """
    with view(checkout) as repository:
        if repository is None:
            return None
        try:
            done = subprocess.run(['git', '--git-dir', repository, *words], env=environment(),
                                  stdin=subprocess.DEVNULL, capture_output=True, encoding='utf-8',
                                  errors='surrogateescape')
        except OSError:
            return None
    return done.stdout.rstrip('\n') if done.returncode == 0 else None


@contextmanager
def view(checkout: Path) -> Iterator[Path | None]:
    """A bare repository with what a checkout's has, to read from; None where there is none."""
    with tempfile.TemporaryDirectory(prefix='nova-cascading-') as made:
        yield Path(made) if laid_out(checkout.resolve(), Path(made)) else None


def laid_out(checkout: Path, to: Path) -> bool:
    try:
        own, common = places(checkout)
        head = text(own / 'HEAD')
    except (OSError, ValueError):
        return False
    with_reftable = (common / 'reftable').is_dir()
    if with_reftable and own != common:  # the names of a further work tree lie elsewhere
        return False
    (to / 'HEAD').write_text(head, encoding='utf-8', errors='surrogateescape')
    (to / 'config').write_text(CONFIG + REFTABLE * with_reftable, encoding='utf-8')
    for path in [*(common / name for name in CONTENT), own / 'index', *own.glob('sharedindex.*')]:
        if path.is_file() or path.is_dir():
            (to / path.name).symlink_to(path)
    return True


def places(checkout: Path) -> tuple[Path, Path]:
    """Where a checkout's own HEAD and index are, and all else of its repository, which other work trees share.

    :raises OSError: it is no checkout.
    :raises ValueError: its .git is no such thing.
    """
    own = checkout / '.git'
    if not own.is_dir():  # of a further work tree, or of a submodule
        word, _, place = text(own).rstrip('\n').partition(': ')
        if word != 'gitdir':
            raise ValueError(own)
        own = checkout / place
    shared = own / 'commondir'
    return own, (own / text(shared).rstrip('\n') if shared.exists() else own)


def text(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise ValueError(f'{path} is no file')  # nobody may ever write into a pipe
    return path.read_text(encoding='utf-8', errors='surrogateescape')


def environment() -> dict[str, str]:
    """One in which git obeys nothing that the user or the system has set, and reaches no other repository."""
    stays = {name: value for name, value in os.environ.items() if not name.startswith('GIT_')}
    return {**stays, 'HOME': '/dev/null', 'XDG_CONFIG_HOME': '/dev/null', 'GIT_CONFIG_GLOBAL': '/dev/null',
            'GIT_CONFIG_NOSYSTEM': '1', 'GIT_ATTR_NOSYSTEM': '1', 'GIT_NO_REPLACE_OBJECTS': '1',
            'GIT_NO_LAZY_FETCH': '1', 'GIT_ALLOW_PROTOCOL': 'none', 'GIT_TERMINAL_PROMPT': '0', 'LC_ALL': 'C.UTF-8'}
