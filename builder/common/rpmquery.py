"""Asks rpm what is in package files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

from builder.common import tools


def query(fields: str, paths: Sequence[Path], *, run: Callable[..., str] = tools.run, hint: str = '') -> str:
    """What rpm says of each file, one after the other.

    :param fields: as --queryformat takes them.
    :param run: how rpm is run.
    """
    words = ['rpm', '-qp', '--nosignature', '--qf', fields]
    # rpm takes a path apart at quotes and the like, as a shell does: it gets the names alone.
    return ''.join(run([*words, *(f'./{path.name}' for path in inside)], cwd=folder, hint=hint)
                   for folder, inside in groupby(paths, key=lambda path: path.parent))
