"""The series of nova: what they are called, how their releases are numbered, and who ships them (series.tsv)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_name('series.tsv')


class Series(NamedTuple):
    """One line of the table; '' where it has '-'.

    :param number: what its versions begin with: ``2014.1``, ``26``.
    :param cycle: its other name, from 2023 on: ``2024.2``.
    :param ubuntu: the Ubuntu that shipped it; ``cloud_archive`` is the LTS for which it was rebuilt.
    """

    name: str
    number: str
    cycle: str
    ubuntu: str
    cloud_archive: str
    debian: str


@cache
def table() -> tuple[Series, ...]:
    """All known series, oldest first."""
    lines = [line.split('\t') for line in TABLE.read_text().splitlines() if not line.startswith('#')]
    return tuple(Series(*('' if field == '-' else field for field in fields)) for fields in lines)


def called(name: str) -> Series | None:
    """The series of a code name or cycle, in any case; None when there is none that we know."""
    return next((series for series in table() if name.lower() in (series.name, series.cycle)), None)


def number(version: str) -> str | None:
    """What a version of a series begins with, epoch left out: ``2014.1`` of ``1:2014.1.5-0ubuntu1``, ``26`` of
    ``2:26.2.2-1``. None when it begins like no nova version."""
    found = re.match(r'(?:\d+:)?((\d{1,6})(?:\.\d+)?)', version)
    if not found:
        return None
    return found[1] if any(series.number == found[1] for series in table()) else found[2]


def of(version: str) -> Series | None:
    """The series of a nova version or of a package's, epoch and revision included; None when we know none."""
    wanted = number(version)
    return next((series for series in table() if series.number == wanted), None)
