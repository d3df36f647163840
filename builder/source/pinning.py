"""Pins a release: finds where it is to be had and what it must look like, and writes the line of releases.tsv."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from builder.common.errors import BuildError
from builder.common.files import sha256
from builder.source import inspect, releases, unpack, upstream
from builder.source.novaversion import Release
from builder.source.releases import Pin


def found(version: str, repository: str, work: Path) -> tuple[Pin, str]:
    """What upstream's tag and PyPI's source distribution say of a release.

    :param repository: a git repository with upstream's tags: URL or directory.
    :param work: an existing directory for downloads.
    :returns: the pin, and what could not be looked at ('' when both were).
    :raises BuildError: neither has the release, or they differ.
    """
    tag, git_trouble = _asked(_of_git, version, repository, work / 'git')
    distribution, pypi_trouble = _asked(_of_pypi, version, work / 'pypi')
    if tag is None and distribution is None:
        raise BuildError(f'nova {version} was found nowhere:\n{git_trouble}\n{pypi_trouble}',
                         'check its number, or name a clone that has its tag with --git DIR')
    if tag and distribution and tag.tree != distribution.tree:
        raise BuildError(f'nova {version} of PyPI is not what its tag in {repository} has: nova/ is git tree '
                         f'{distribution.tree} there, {tag.tree} here', 'ask upstream which one was released')
    trees = [one.tree for one in (tag, distribution) if one]
    return Pin(version, 'pypi' if distribution else 'git', tag.commit if tag else '', trees[0],
               distribution.sha256 if distribution else ''), git_trouble


def write(pin: Pin, table: Path = releases.TABLE) -> str:
    """Put the line where it belongs: releases stand in their order; a line of the same release is replaced.

    :returns: the line
    """
    line = '\t'.join(field or '-' for field in pin)
    text = table.read_text(encoding='utf-8').splitlines()
    heads = [one for one in text if one.startswith('#')]
    rows = [one for one in text if not one.startswith('#') and one.split('\t')[0] != pin.version]
    rows = sorted([*rows, line], key=lambda row: Release.of(row.split('\t')[0]))
    partial = table.with_name(f'.{table.name}')
    partial.write_text('\n'.join([*heads, *rows, '']), encoding='utf-8')
    partial.replace(table)
    return line


def _asked(look: Callable[..., Pin], *words: Any) -> tuple[Pin | None, str]:
    words[-1].mkdir()
    try:
        return look(*words), ''
    except BuildError as error:
        return None, error.what


def _of_git(version: str, repository: str, work: Path) -> Pin:
    commit, archive = upstream.fetched(Pin(version, 'git'), repository, work)
    return Pin(version, 'git', commit, _tree(archive, work / 'tree'))


def _of_pypi(version: str, work: Path) -> Pin:
    archive = upstream.from_pypi(Pin(version, 'pypi'), work)
    return Pin(version, 'pypi', '', _tree(archive, work / 'tree'), sha256(archive))


def _tree(archive: Path, to: Path) -> str:
    to.mkdir()
    unpack.tar(archive, to)
    return inspect.tree_id(inspect.find_nova(to, str(archive)) / 'nova').hex()
