"""What nova-cascading says of itself in what it makes: its version, its date, and whether somebody changed it."""

from __future__ import annotations

import os
import re
from calendar import timegm
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from time import strptime

from builder.common import git
from builder.common.errors import BuildError
from builder.common.progress import say

PROJECT = Path(__file__).resolve().parents[2]
# All that decides what is in a package.
PARTS = ('build.sh', 'builder', 'debian', 'installation', 'patches', 'pyproject.toml', 'rpm', 'src')
# What editors, patch and Python leave beside the files of a checkout.
LEFTOVER = re.compile(r'\..*|.*~|.*\.(orig|rej|bak|swp|py[co])|__pycache__|#.*#')


def stated(key: str) -> str:
    """A value that stands in pyproject.toml as ``key = "value"``, once."""
    text = (PROJECT / 'pyproject.toml').read_text(encoding='utf-8')
    found = re.search(rf'^{key} = "(.+)"$', text, re.MULTILINE)
    if not found:
        raise BuildError(f'{PROJECT}/pyproject.toml does not state {key}', 'get the project again, or put it back')
    return found[1]


@cache
def label() -> str:
    """The version, with ``+dirty`` when this checkout differs from its commit where that matters to packages.

    Without .git nobody can tell.
    """
    changed = git.ask(PROJECT, 'status', '--porcelain', '--untracked-files=all', '--', *PARTS)
    if changed is None and (PROJECT / '.git').exists():
        say('note: git cannot be asked whether this checkout was changed')
    return stated('version') + ('+dirty' if changed else '')


@cache
def epoch() -> int:
    """The one time in packages, in seconds since 1970: SOURCE_DATE_EPOCH, else the date of the version.

    :raises BuildError: SOURCE_DATE_EPOCH is no time (reproducible-builds.org/specs/source-date-epoch).
    """
    given = os.environ.get('SOURCE_DATE_EPOCH')
    if not given:
        return timegm(strptime(stated('date'), '%Y-%m-%d'))
    if not re.fullmatch(r'\d{1,11}', given):
        raise BuildError(f'SOURCE_DATE_EPOCH={given} is no number of seconds since 1970', 'unset SOURCE_DATE_EPOCH')
    return int(given)


def files(directory: Path) -> Iterator[Path]:
    """The files below a directory of the project, sorted, without what tools leave beside them."""
    for path in sorted(directory.iterdir(), key=lambda path: path.name):
        if LEFTOVER.fullmatch(path.name):
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path
