"""What a repository holds: ``state.json`` at its top, from which every index and the page are made again."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from builder.errors import BuildError

NAME = 'state.json'


@dataclass
class Entry:
    """One package in a suite.

    :param version: as its package manager writes it, epoch included.
    :param arch: ``all``, ``noarch``, …; ``source`` for source packages of either family.
    :param files: path in the repository -> sha256; the package itself first, then what a .dsc lists.
    :param date: when it was published, seconds since 1970.
    :param given: sha256 of the file that was handed in, which for an rpm is not yet the signed one.
    """

    name: str
    version: str
    arch: str
    files: dict[str, str]
    date: int
    given: str

    @property
    def path(self) -> str:
        return next(iter(self.files))


@dataclass
class Suite:
    """One apt suite or one yum repository.

    :param family: ``deb`` or ``rpm``.
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
    """

    url: str = ''
    keys: list[str] = field(default_factory=list)
    time: int = 0
    valid_days: int = 180
    suites: dict[str, Suite] = field(default_factory=dict)

    def text(self) -> str:
        return json.dumps(self, default=vars, sort_keys=True) + '\n'

    @classmethod
    def existing(cls, root: Path) -> State:
        """As ``load``, of a repository that must be there."""
        if not (root / NAME).exists():
            raise BuildError(f'{root} is no repository: it has no {NAME}', './build.sh publish makes one')
        return cls.load(root)

    @classmethod
    def load(cls, root: Path) -> State:
        """
        :param root: top of the repository; nothing there yet means an empty state.
        :raises BuildError: the directory holds something that is no repository of ours.
        """
        path = root / NAME
        if not path.exists():
            if root.exists() and any(root.iterdir()):
                raise BuildError(f'{root} has files in it but is no repository made by this command',
                                 'name another directory with --to DIR')
            return cls()
        try:
            raw = json.loads(path.read_text())
            suites = {name: _suite(fields) for name, fields in raw.pop('suites').items()}
            return cls(suites=suites, **raw)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BuildError(f'{path} is damaged: {error}', 'restore the repository from a mirror') from error


def _suite(fields: dict) -> Suite:
    packages, withdrawn = ({path: _entry(path, entry) for path, entry in fields.pop(name).items()}
                           for name in ('packages', 'withdrawn'))
    return Suite(packages=packages, withdrawn=withdrawn, **fields)


def _entry(path: str, fields: dict) -> Entry:
    # JSON with sorted keys loses "the package itself first".
    files = fields.pop('files')
    return Entry(files={path: files.pop(path), **files}, **fields)
