"""Checks a repository, or any whole copy of one, the way its clients would and further: nothing may be amiss."""

from __future__ import annotations

import calendar
import time
from collections.abc import Iterator
from pathlib import Path

from builder.repository import apt, incoming, keys, policy, sums, times, yumcheck
from builder.repository.keys import Key
from builder.repository.state import State, Suite


class Checked:
    """A tree whose files were read once.

    :param ring: keyring file of the trusted keys.
    :param found: path -> sha256 of every file that is there.
    """

    def __init__(self, root: Path, ring: Path) -> None:
        self.root = root
        self.ring = ring
        self.found = {name: incoming.sha256(root / name) for name, _ in sums.files(root)}

    def read(self, name: str) -> bytes:
        path = self.root / name
        return path.read_bytes() if path.is_file() else b''


def problems(root: Path, trusted: list[Key], now: int) -> list[str]:
    """Everything that is wrong with the repository, one sentence each; an empty list when nothing is.

    :param trusted: the keys whose signatures count.
    :param now: seconds since 1970.
    """
    with keys.keyring([key.fingerprint for key in trusted]) as ring:
        tree = Checked(root, ring)
        found = [*sums.strange(root), *sum_problems(tree)]
        if found:  # what follows would only say the same in other words
            return found
        state = State.load(root)
        found += [*sums.unreadable(root), *key_problems(tree, state, trusted, now)]
        for name, suite in sorted(state.suites.items()):
            check = apt_problems if suite.family == 'deb' else yumcheck.problems
            found += [f'{name}: {text}' for text in check(tree, name, suite, set(state.keys))]
            found += [f'{name}: {text}' for text in package_problems(tree, suite)]
            found += [f'{name}: {text}' for text in times.problems(suite, state.valid_days, now)]
    return found


def sum_problems(tree: Checked) -> Iterator[str]:
    good, _ = keys.check(tree.ring, tree.read(sums.SIGNATURE), tree.read(sums.NAME))
    if not good:
        yield f'{sums.NAME}: no good signature by a trusted key'
        return
    listed = sums.load(tree.root)
    for name in sorted(listed.keys() | tree.found.keys()):
        if name not in tree.found:
            yield f'{name}: missing'
        elif name not in listed:
            yield f'{name}: a file that the publisher did not put there'
        elif tree.found[name] != listed[name]:
            yield f'{name}: changed, its sha256 is {tree.found[name]}'


def key_problems(tree: Checked, state: State, trusted: list[Key], now: int) -> Iterator[str]:
    known = {key.fingerprint: key for key in trusted}
    good, _ = keys.check(tree.ring, tree.read(sums.SIGNATURE), tree.read(sums.NAME))
    for name in state.keys:
        if name not in good:
            yield f'{sums.NAME}: no good signature by the key {name}'
            continue
        found = [f'{text}: {way}' for text, way in policy.objections(known[name], now, signed_by=good[name])]
        refused = '' if found else policy.sequoia(known[name], tree.read(sums.NAME), tree.read(sums.SIGNATURE))
        yield from [*found, *([refused] if refused else [])]


def package_problems(tree: Checked, suite: Suite) -> Iterator[str]:
    for entry in [*suite.packages.values(), *suite.withdrawn.values()]:
        for path, digest in entry.files.items():
            if tree.found.get(path) != digest:
                yield f'{path}: not the file that was published'


def apt_problems(tree: Checked, name: str, suite: Suite, signers: set[str]) -> Iterator[str]:
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
