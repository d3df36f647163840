"""What nova-cascading says of itself in what it makes: its version, its date, and whether somebody changed it."""

from __future__ import annotations

import hashlib
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
PARTS = ('LICENSE', 'ansible', 'build.sh', 'builder', 'debian', 'installation', 'patches', 'pyproject.toml', 'rpm',
         'src')
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

    Modes do not: no package has them. Without .git nobody can tell.
    """
    committed = git.ask(PROJECT, 'ls-tree', '-r', '-z', '--full-tree', 'HEAD', '--', *PARTS)
    if committed is None:
        if (PROJECT / '.git').exists():
            say('note: git cannot be asked whether this checkout was changed')
        return stated('version')
    return stated('version') + ('' if blobs(committed) == here() else '+dirty')


def blobs(listed: str) -> dict[str, str]:
    """Path -> id of its content, of what ``git ls-tree -z`` lists and `files` would find."""
    entries = (entry.partition('\t') for entry in listed.split('\0') if entry)
    return {path: head.split()[2] for head, _, path in entries
            if not any(LEFTOVER.fullmatch(part) for part in path.split('/'))}


def here() -> dict[str, str]:
    """The same of what is here, without asking git: it skips files that settings, attributes or its index hide."""
    there = [path for part in PARTS for path in files(PROJECT / part)]
    return {path.relative_to(PROJECT).as_posix(): blob(path) for path in there}


def blob(path: Path) -> str:
    content = path.read_bytes()
    return hashlib.sha1(b'blob %d\0' % len(content) + content).hexdigest()


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


def files(place: Path) -> Iterator[Path]:
    """The files at or below a place in the project, sorted, without what tools leave beside them."""
    if not place.is_dir():
        yield from [place] if place.is_file() else []
        return
    for path in sorted(place.iterdir(), key=lambda path: path.name):
        if not LEFTOVER.fullmatch(path.name):
            yield from files(path)
