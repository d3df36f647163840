"""What flows through the builder: a Tree comes in, a Fork of it goes out to the packagers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Stock:
    """The stock library package that the fork stands in for.

    :param name: binary package name: ``python3-nova`` or ``python-nova``.
    :param version: its full version: a Debian version or an RPM EVR, epoch included.
    :param family: ``deb`` or ``rpm``.
    :param fields: its control fields (deb: as in DEBIAN/control; rpm: Requires and the like), empty when unknown.
    """

    name: str
    version: str
    family: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tree:
    """An unpacked nova.

    :param path: the directory that holds ``nova/``.
    :param version: nova's own version, e.g. ``2014.1.5``.
    :param origin: one line for people: where it came from, with its sha256 or commit.
    :param egg_info: the ``*.egg-info`` directory that came with it, if any.
    :param stock: the package it was taken from; None when it came from upstream.
    :param made_of: what packages say that they were made of; the same for the same content, wherever it lay.
    :param like: for a release: the stock package of its series, whose relations the fork takes over.
    :param modified: why it is not what upstream released, or '' when it is, or nothing is pinned for it.
    """

    path: Path
    version: str
    origin: str
    egg_info: Path | None = None
    stock: Stock | None = None
    modified: str = ''
    like: Stock | None = None
    made_of: str = ''

    @property
    def major(self) -> int:
        """2014, 2015, or 12 and later (nova changed its numbering with Liberty)."""
        return int(self.version.split('.')[0])

    @property
    def python(self) -> int:
        """The Python that this nova's packages are for: 2 up to Queens (17), when distributions moved to 3."""
        if self.stock is not None:
            return 3 if self.stock.name.startswith('python3') else 2
        return 2 if self.major >= 2014 or self.major < 18 else 3


@dataclass(frozen=True)
class Patch:
    """One logical change, ready to be rendered.

    :param name: file name without suffix, e.g. ``instance-mapping-uuid``.
    :param header: DEP-3 fields in order (Description, Origin, Forwarded, Last-Update, …).
    :param files: path relative to the tree -> (bytes before, or None for a new file; bytes after).
    """

    name: str
    header: dict[str, str]
    files: dict[str, tuple[bytes | None, bytes]]


@dataclass(frozen=True)
class RuleResult:
    """What one rule found: state is ``applied``, ``already there`` or ``not needed``."""

    rule: str
    path: str
    state: str
    why: str = ''


@dataclass(frozen=True)
class Fork:
    """A tree, and the verified patches that turn it into nova-cascading, in the order they apply."""

    tree: Tree
    patches: list[Patch]
    report: list[RuleResult]
