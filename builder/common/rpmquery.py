"""Asks rpm what is in package files."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from builder.common import tools


def query(fields: str, paths: Sequence[Path], *, run: Callable[..., str] = tools.run, hint: str = '') -> str:
    """What rpm says of each file, one after the other.

    :param fields: as --queryformat takes them.
    :param run: how rpm is run.
    """
    if not paths:
        return ''
    # rpm takes a path apart at quotes, spaces and brackets, as a shell does: it gets names of ours.
    with tempfile.TemporaryDirectory(prefix='nova-cascading-') as place:
        for number, path in enumerate(paths):
            Path(place, f'{number}').mkdir()
            Path(place, name(number, path)).symlink_to(path.absolute())
        names = [name(number, path) for number, path in enumerate(paths)]
        return run(['rpm', '-qp', '--nomanifest', '--nosignature', '--qf', fields, *names], cwd=place, hint=hint)


def name(number: int, path: Path) -> str:
    """Several may be called the same, and errors tell the name."""
    return f'{number}/{re.sub("[^A-Za-z0-9.+_~^-]", "_", path.name)}'
