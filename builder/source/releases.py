"""The releases of nova that can be named: by number or by code name."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from builder.common.errors import BuildError
from builder.source import series
from builder.source.novaversion import Release

TABLE = Path(__file__).with_name('releases.tsv')


class Pin(NamedTuple):
    """What is known of a release: where it is to be had, and what it must look like ('' where nothing is pinned)."""

    version: str
    site: str
    commit: str = ''
    tree: str = ''
    sha256: str = ''


@cache
def table() -> dict[str, Pin]:
    """All known releases, oldest first."""
    lines = [line.split('\t') for line in TABLE.read_text().splitlines() if not line.startswith('#')]
    return {fields[0]: Pin(*(field.replace('-', '') for field in fields)) for fields in lines}


def find(name: str) -> Pin:
    """The release that a name means: a number, or the last one of a series.

    :raises BuildError: nobody knows it; the message has the closest names.
    """
    known = table()
    if name in known:
        return known[name]
    named = series.called(name)
    if name.lower() == 'latest':
        return list(known.values())[-1]
    if named:
        return [pin for version, pin in known.items() if series.of(version) == named][-1]
    if _newer(name):
        return Pin(name, 'pypi')
    close = difflib.get_close_matches(name.lower(), [*known, *(one.name for one in series.table())], n=4, cutoff=0.5)
    raise BuildError(f'there is no file {name!r}, and no nova release of that name is known',
                     f'name one of: {", ".join(close)}' if close else
                     'name a release like icehouse, 2014.1.5 or 26.3.0, or give the path of a source')


def looks_like_release(name: str) -> bool:
    """Could this be a release's name, rather than a path?"""
    return '/' not in name and not name.startswith('.')


def _newer(name: str) -> bool:
    """A release later than this table: PyPI may have it."""
    try:
        asked = Release.of(name)
    except BuildError:
        return False
    return asked.era == 1 and asked > Release.of(list(table())[-1]) and len(asked.numbers) <= 3
