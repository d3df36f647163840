"""What verify looks at in an apt suite: its Release file, the signatures of it, and its indexes."""

from __future__ import annotations

import calendar
import time
from collections.abc import Iterator
from pathlib import Path

from builder.repository import apt, keys
from builder.repository.checked import Checked
from builder.repository.state import Suite


def problems(tree: Checked, name: str, suite: Suite, signers: set[str]) -> Iterator[str]:
    top = f'dists/{name}'
    release = tree.read(f'{top}/Release')
    good, text = keys.check(tree.ring, tree.read(f'{top}/InRelease'))
    if not signers <= good.keys() or text.strip() != release.strip():
        yield f'{top}/InRelease: not the Release file signed by every key of the repository'
    if not signers <= keys.check(tree.ring, tree.read(f'{top}/Release.gpg'), release)[0].keys():
        yield f'{top}/Release.gpg: no good signature by every key of the repository'
    if moment(release.decode(), 'Date') != suite.time:
        yield f'{top}/Release: of another publish than the rest of the repository'
    listed = [line.split() for line in release.decode().splitlines() if line.startswith(' ')]
    for digest, _, path in listed:
        by_hash = f'{top}/{Path(path).parent}/by-hash/SHA256/{digest}'
        if {tree.found.get(f'{top}/{path}'), tree.found.get(by_hash)} != {digest}:
            yield f'{top}/{path}: not what Release says'
    yield from index_problems(tree, top, suite)


def index_problems(tree: Checked, top: str, suite: Suite) -> Iterator[str]:
    """Packages and Sources name exactly what the suite offers, with the right hashes."""
    offered: dict[str, str] = {}
    indexes = {(tree.read(path), 'packages') for path in tree.found if path.startswith(f'{top}/main/binary-')
               and path.endswith('/Packages')}
    for text, kind in [*indexes, (tree.read(f'{top}/main/source/Sources'), 'sources')]:
        offered.update({package: stanza.decode() for package, stanza in apt.split(text, kind).items()})
    for package in sorted(offered.keys() ^ suite.packages.keys()):
        yield f'{package}: is in the indexes or in the list of packages, not in both'
    for package in offered.keys() & suite.packages.keys():
        for path, digest in suite.packages[package].files.items():
            # A .dsc is listed with its parts, and like them by its own hash.
            if digest not in offered[package]:
                yield f'{path}: the index has another hash of it'


def moment(release: str, name: str) -> int:
    try:
        return calendar.timegm(time.strptime(apt.field(release, name), apt.DATE))
    except ValueError:
        return 0
