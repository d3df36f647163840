"""A change to a repository: everything is made and signed beside it, and takes its place in one step."""

from __future__ import annotations

import os
import shutil
import time as clock
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder import needs, tools
from builder.errors import BuildError
from builder.repository import apt, keys, page, sums, yum
from builder.repository.atomic import locked, replace, replacement
from builder.repository.keys import Key
from builder.repository.state import NAME, State, Suite

ARMORED, BINARY = 'nova-cascading.asc', 'nova-cascading.gpg'
TOOLS = needs.of_command('publish')


@dataclass
class Change:
    """A repository in the making.

    :param work: the working copy of the tree.
    :param keys: what signs it.
    :param time: seconds since 1970, never before the publish before.
    :param url_before: the repository's address so far; it stands in every mirrorlist.
    """

    work: Path
    state: State
    keys: list[Key]
    time: int
    url_before: str

    @property
    def prints(self) -> tuple[str, ...]:
        return tuple(key.fingerprint for key in self.keys)

    def suite(self, name: str, family: str) -> Suite:
        """A suite that is about to change.

        :raises BuildError: one of that name exists for the other package family.
        """
        suite = self.state.suites.setdefault(name, Suite(family))
        if suite.family != family:
            raise BuildError(f'the suite {name} holds {suite.family} packages, not {family}',
                             'name another with --suite SERIES-TARGET')
        suite.time = self.time
        return suite


def change(root: Path, wanted_keys: Sequence[str], edit: Callable[[Change], None]) -> State:
    """Run edit on a copy of the repository, sign what it changed, and switch.

    :param root: the repository, made when it is not there.
    :param wanted_keys: as ``--key`` gave them.
    :raises BuildError: nothing was changed then.
    """
    tools.need(TOOLS)
    root = root.resolve()
    with locked(root):
        state = State.load(root)
        signers = keys.choose(wanted_keys, state.keys)
        if state.suites:
            refuse_damaged(root, state)
        now = moment(state, signers)
        with replacement(root) as work:
            this = Change(work, state, signers, now, state.url)
            edit(this)
            finish(this, root)
    return state


def moment(state: State, signers: Sequence[Key]) -> int:
    """The time that goes into metadata: SOURCE_DATE_EPOCH, else now; never before the last publish.

    :raises BuildError: a key is younger: nobody would accept its signature.
    """
    now = max(int(os.environ.get('SOURCE_DATE_EPOCH') or clock.time()), state.time)
    for key in signers:
        if key.created > now or 0 < key.expires <= now:
            raise BuildError(f'the key {key.fingerprint} is not valid at {clock.ctime(now)}',
                             'extend it (gpg --quick-set-expire), name another with --key, or unset SOURCE_DATE_EPOCH')
    return now


def refuse_damaged(root: Path, state: State) -> None:
    """Do not sign again what somebody else changed: the indexes are the cache of the next ones."""
    listed = sums.load(root)
    good: set[str] = set()
    if listed and (root / sums.SIGNATURE).exists():
        with keys.keyring(state.keys) as ring:
            good, _ = keys.check(ring, (root / sums.SIGNATURE).read_bytes(), (root / sums.NAME).read_bytes())
    bad = [] if good else [sums.NAME]
    bad += [name for name in listed if is_input(name)
            and (not (root / name).exists() or sums.sha256(root / name) != listed[name])]
    if bad:
        raise BuildError(f'{root} was changed by something else since it was signed: {", ".join(bad[:3])}',
                         f'./build.sh verify --to {root} says what is wrong; restore it from a mirror')


def is_input(name: str) -> bool:
    """Is the file one that the next indexes are made from?"""
    parts = name.split('/')
    return (name == NAME or name.endswith(('main/binary-amd64/Packages', 'main/source/Sources'))
            or (parts[0], parts[2:3]) == ('yum', ['repodata']))


def finish(this: Change, root: Path) -> None:
    """Write and sign the suites that changed, then what stands at the top of the tree."""
    prints = this.prints
    if list(prints) != this.state.keys or this.state.url != this.url_before:
        for suite in this.state.suites.values():
            suite.time = this.time
    this.state.keys, this.state.time = list(prints), this.time
    for name, suite in this.state.suites.items():
        if suite.time == this.time:
            write(this, name, suite, prints)
    top = {ARMORED: keys.export(prints, armor=True), BINARY: keys.export(prints, armor=False),
           NAME: this.state.text().encode(), 'index.html': page.text(this.state, this.keys).encode()}
    for name, data in top.items():
        replace(this.work / name, data, this.time)
    known = {path: digest for suite in this.state.suites.values()
             for entry in [*suite.packages.values(), *suite.withdrawn.values()] for path, digest in entry.files.items()}
    listed = sums.text(this.work, root, known)
    replace(this.work / sums.NAME, listed, this.time)
    replace(this.work / sums.SIGNATURE, keys.sign(listed, prints, this.time), this.time)


def write(this: Change, name: str, suite: Suite, prints: Sequence[str]) -> None:
    if suite.family == 'deb':
        apt.write(this.work, name, suite, prints, this.state.valid_days)
    else:
        yum.write(this.work, name, suite, prints, this.state.url)


def drop(this: Change, paths: Sequence[str]) -> None:
    """Delete files from the pool; only ever at the user's word."""
    for path in paths:
        (this.work / path).unlink(missing_ok=True)


def carry(this: Change, path: Path, to: str) -> None:
    """Copy a file that was handed in to its place in the tree.

    :raises BuildError: other content has that place: revisions of one upstream release share its tarball.
    """
    place = this.work / to
    if place.exists():
        if place.suffix != '.rpm' and sums.sha256(place) != sums.sha256(path):
            raise BuildError(f'{path.name} is published already, with other content',
                             'build the new revision from the same upstream source')
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, place)
    os.utime(place, (this.time, this.time))
