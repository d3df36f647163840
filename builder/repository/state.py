"""What a repository holds: ``state.json`` at its top, from which every index and the page are made again."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from builder.common.errors import BuildError

NAME = 'state.json'
SUITE = re.compile(r'[A-Za-z0-9][A-Za-z0-9._+~-]*')
SAFE = re.compile(r'[A-Za-z0-9][A-Za-z0-9._+~:%^/-]*')


@dataclass
class Entry:
    """One package in a suite.

    :param version: as its package manager writes it, epoch included.
    :param arch: ``all``, ``noarch``, …; ``source`` for source packages of either family.
    :param files: path in the repository -> sha256; the package itself first, then what a .dsc lists.
    :param date: when it was published, seconds since 1970.
    :param given: sha256 of the file that was handed in, which for an rpm is not yet the signed one.
    :param stock: name and version of the stock package it stands in for: ``python3-nova 2:26.2.2-1``; '' for none.
    :param guessed: nobody has seen that stock package when it was built.
    """

    name: str
    version: str
    arch: str
    files: dict[str, str]
    date: int
    given: str
    stock: str = ''
    guessed: bool = False

    @property
    def path(self) -> str:
        return next(iter(self.files))

    @property
    def is_library(self) -> bool:
        """Whether it is a fork of nova's library itself."""
        return self.arch != 'source' and self.name.endswith('-nova-cascading')


@dataclass
class Suite:
    """One apt suite, yum repository or index of pip's.

    :param family: ``deb``, ``rpm`` or ``pypi``.
    :param time: when its metadata was signed, seconds since 1970.
    :param packages: path of the package -> entry, for what clients are offered.
    :param withdrawn: the same, for what stays in the pool and is offered no more.
    """

    family: str
    time: int = 0
    packages: dict[str, Entry] = field(default_factory=dict)
    withdrawn: dict[str, Entry] = field(default_factory=dict)

    def versions(self) -> set[str]:
        return {entry.version for entry in self.packages.values()}


@dataclass
class State:
    """A whole repository.

    :param url: where clients find it; what the page and the example sources say.
    :param keys: fingerprints of the keys that sign it, the one that clients know longest first.
    :param names: the marks of a version -> the suite that packages of such versions go to: once used, it stays.
    """

    url: str = ''
    keys: list[str] = field(default_factory=list)
    time: int = 0
    valid_days: int = 180
    suites: dict[str, Suite] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        return json.dumps(self, default=vars, sort_keys=True) + '\n'

    @staticmethod
    def must_exist(root: Path) -> None:
        if not (root / NAME).exists():
            raise BuildError(f'{root} is no repository: it has no {NAME}', './build.sh publish makes one')

    @classmethod
    def load(cls, root: Path) -> State:
        """
        :param root: top of a repository whose signature was checked; nothing there yet means an empty state.
        :raises BuildError: what is there is no state of a repository, or of a newer version of this program.
        """
        path = root / NAME
        if not path.exists():
            return cls()
        try:
            raw = json.loads(path.read_text(encoding='utf-8'))
            suites = {name: _suite(name, fields) for name, fields in raw.pop('suites').items()}
            state = cls(suites=suites, **raw)
            _check(state)
            return state
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OSError) as error:
            raise BuildError(f'{path} is damaged, or of a newer version of this program: {error}',
                             'restore the repository from a mirror, or use the version that published last') from error


def _check(state: State) -> None:
    kinds = {'url': str, 'keys': list, 'time': int, 'valid_days': int, 'names': dict}
    wrong = [name for name, kind in kinds.items() if type(getattr(state, name)) is not kind]
    wrong += [name for name, suite in state.suites.items()
              if suite.family not in ('deb', 'rpm', 'pypi') or type(suite.time) is not int]
    if wrong:
        raise ValueError(f'{", ".join(wrong)} cannot be read')


def _suite(name: str, fields: dict) -> Suite:
    if not SUITE.fullmatch(name):
        raise ValueError(f'{name!r} is no name of a suite')
    packages, withdrawn = ({path: _entry(path, entry) for path, entry in fields.pop(name).items()}
                           for name in ('packages', 'withdrawn'))
    return Suite(packages=packages, withdrawn=withdrawn, **fields)


def _entry(path: str, fields: dict) -> Entry:
    # JSON with sorted keys loses "the package itself first".
    files = fields.pop('files')
    for name in files:
        _within_tree(name)
    return Entry(files={path: files.pop(path), **files}, **fields)


def _within_tree(name: str) -> None:
    if not SAFE.fullmatch(name) or '..' in name.split('/'):
        raise ValueError(f'{name!r} is no name within the tree')
