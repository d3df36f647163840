"""Compares package versions the way each family's package manager does."""

from __future__ import annotations

import subprocess
from functools import cmp_to_key
from typing import Any, Callable

from builder.repository import isolated


def same(version: str, asked: str) -> bool:
    """Does the user mean this version?  The epoch may be left out."""
    return asked in (version, version.partition(':')[2])


def key(family: str) -> Callable[[str], Any]:
    """A sort key for versions of a family, oldest first."""
    return cmp_to_key(compare_deb if family == 'deb' else compare_rpm)


def compare_deb(left: str, right: str) -> int:
    if left == right:
        return 0
    words = ['dpkg', '--compare-versions', left, 'lt', right]
    return -1 if subprocess.run(words, env=isolated.environment()).returncode == 0 else 1


def compare_rpm(left: str, right: str) -> int:
    """Epoch, version, release, each by rpmvercmp."""
    for one, other in zip(split(left), split(right)):
        if one != other:
            found = int(isolated.run(['rpm', '--eval', f'%{{lua: print(rpm.vercmp("{one}", "{other}"))}}']))
            if found:
                return found
    return 0


def split(version: str) -> tuple[str, str, str]:
    epoch, _, rest = version.rpartition(':')
    number, _, release = rest.rpartition('-')
    return epoch or '0', number, release
