"""How nova numbers its releases: 2014.1 (Icehouse) to 2015.1 (Kilo), then 12 (Liberty) and on."""

from __future__ import annotations

import re
from typing import NamedTuple

from builder.common.errors import BuildError

_VERSION = re.compile(r'(?P<final>\d+(\.\d+)*?)(\.?(?P<zero>0)?\.?(?P<pre>(a|b|rc|g|dev)\d*).*)?$')


class Release(NamedTuple):
    """A nova version that sorts as nova released them; pre-releases compare like their final release."""

    era: int
    numbers: tuple[int, ...]
    final: bool

    @classmethod
    def of(cls, version: str) -> Release:
        """
        :param version: nova's own version, e.g. ``2014.1.5``, ``12.0.0.0rc1``, ``34.0.0``.
        :raises BuildError: the text is no nova version.
        """
        found = _VERSION.match(version)
        if not found:
            raise BuildError(f'{version!r} is not a nova version', 'name one like 2014.1.5 or 26.3.0')
        numbers = [int(part) for part in found['final'].split('.')]
        era = 0 if numbers[0] >= 2000 else 1
        while len(numbers) > 1 and not numbers[-1]:
            numbers.pop()
        return cls(era, tuple(numbers), not found['pre'])


def within(version: str, bounds: str) -> bool:
    """Is the version within bounds like ``>=2014.1, <13``?  (both kinds of bound are optional)"""
    return all(_holds(Release.of(version)[:2], bound.strip()) for bound in bounds.split(',') if bound.strip())


def past(version: str, bounds: str) -> bool:
    """Has the version left the bounds behind?

    A pre-release of the first one beyond has not: its code may be of before. Nor has an earlier version:
    distributions bring back what is new, not what is old.
    """
    release = Release.of(version)
    ends = [Release.of(bound.strip()[1:])[:2] for bound in bounds.split(',') if bound.strip().startswith('<')]
    return any(release[:2] > end or (release[:2] == end and release.final) for end in ends)


def _holds(release: tuple, bound: str) -> bool:
    if bound.startswith('>='):
        return release >= Release.of(bound[2:].strip())[:2]
    if bound.startswith('<'):
        return release < Release.of(bound[1:].strip())[:2]
    raise ValueError(f'a bound starts with >= or <, not {bound!r}')
