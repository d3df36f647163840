"""Checks a repository, or any whole copy of one, the way its clients would and further: nothing may be amiss."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from builder.repository import aptcheck, keys, policy, pypi, pypicheck, sums, times, yumcheck
from builder.repository.checked import Checked
from builder.repository.keys import Key
from builder.repository.state import State, Suite

CHECKS = {'deb': aptcheck.problems, 'rpm': yumcheck.problems, pypi.FAMILY: pypicheck.problems}


def problems(root: Path, trusted: list[Key], now: int) -> list[str]:
    """Everything that is wrong with the repository, one sentence each; an empty list when nothing is.

    :param trusted: the keys whose signatures count.
    :param now: seconds since 1970.
    """
    with keys.keyring([key.fingerprint for key in trusted]) as ring:
        tree = Checked(root, ring)
        found = changes(tree)
        if found:  # what follows would only say the same in other words
            return found
        state = State.load(root)
        found += [*sums.unreadable(root), *key_problems(tree, state, trusted, now)]
        for name, suite in sorted(state.suites.items()):
            found += [f'{name}: {text}' for text in CHECKS[suite.family](tree, name, suite, set(state.keys))]
            found += [f'{name}: {text}' for text in package_problems(tree, suite)]
            if suite.family != pypi.FAMILY:  # which has no time
                found += [f'{name}: {text}' for text in times.problems(suite, state.valid_days, now)]
    return found


def changes(tree: Checked) -> list[str]:
    """Where the tree is not, file by file, what was signed; nothing but another copy of it mends that."""
    return [*sums.strange(tree.root), *sum_problems(tree)]


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
