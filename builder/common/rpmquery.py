"""Asks rpm what is in package files, and whether they are whole."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from builder.common import tools
from builder.common.errors import BuildError

MAGIC = b'\xed\xab\xee\xdb'


def query(fields: str, paths: Sequence[Path], *, run: Callable[..., str] = tools.run, hint: str = '') -> str:
    """What rpm says of each file, one after the other.

    :param fields: as --queryformat takes them.
    :param run: how rpm is run.
    :raises BuildError: one of them is no rpm, or damaged.
    """
    if not paths:
        return ''
    with named(paths, hint) as (place, names):
        return run(['rpm', '-qp', '--nomanifest', '--nosignature', '--qf', fields, *names], cwd=place, hint=hint)


def refuse_damaged(paths: Sequence[Path], hint: str, env: dict[str, str] | None = None) -> None:
    """
    :param hint: the next command for the user.
    :param env: what rpm runs in; this process's when not given.
    :raises BuildError: a file is no rpm, or its header or payload is not what its digests say; nobody's key is asked.
    """
    if not paths:
        return
    with named(paths, hint) as (place, names):
        done = tools.attempt(['rpmkeys', '--checksig', '--nosignature', *names], cwd=place, hint=hint,
                             env={**(os.environ if env is None else env), 'LC_ALL': 'C.UTF-8'})
    whole = {line.partition(': ')[0] for line in done.stdout.splitlines() if re.search(r'(?<!NOT) OK$', line)}
    for path, known_as in zip(paths, names):
        if done.returncode and known_as not in whole:
            raise BuildError(f'{path} is damaged: its header or payload is not what its digests say', hint)


@contextmanager
def named(paths: Sequence[Path], hint: str) -> Iterator[tuple[str, list[str]]]:
    """A directory in which rpms have names of ours: rpm takes a path apart at quotes, spaces and brackets."""
    with tempfile.TemporaryDirectory(prefix='nova-cascading-') as place:
        names = [name(number, path) for number, path in enumerate(paths)]
        for path, ours in zip(paths, names):
            refuse_other(path, hint)
            Path(place, ours).parent.mkdir()
            Path(place, ours).symlink_to(path.absolute())
        yield place, names


def refuse_other(path: Path, hint: str) -> None:
    """rpm itself fails without a word, or reads a list of other files."""
    with path.open('rb') as start:
        if start.read(len(MAGIC)) != MAGIC:
            raise BuildError(f'{path} is no rpm', hint or 'get the package again')


def name(number: int, path: Path) -> str:
    """Several may be called the same, and errors tell the name."""
    return f'{number}/{re.sub("[^A-Za-z0-9.+_~^-]", "_", path.name)}'
