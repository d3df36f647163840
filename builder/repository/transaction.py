"""A change to a repository: everything is made and signed beside it, and takes its place in one step."""

from __future__ import annotations

import contextlib
import os
import shutil
import time as clock
from collections.abc import Callable, Sequence
from pathlib import Path

from builder.common import needs, tools
from builder.common.errors import BuildError
from builder.common.files import sha256
from builder.repository import apt, keys, ownership, page, policy, pypi, settings, sums, times, yum
from builder.repository.atomic import locked, readable, replace, replacement
from builder.repository.change import Change
from builder.repository.state import NAME, State, Suite

ARMORED, BINARY = 'nova-cascading.asc', 'nova-cascading.gpg'
TOOLS = needs.of_command('publish')


def change(root: Path, wanted_keys: Sequence[str], edit: Callable[[Change], None], *,
           reset_date: bool = False) -> State:
    """Run edit on a copy of the repository, sign what it changed, and switch.

    :param root: the repository, made when it is not there.
    :param wanted_keys: as ``--key`` gave them.
    :param reset_date: the repository may lie in the future: bring it back to now.
    :raises BuildError: nothing was changed then.
    """
    tools.need(TOOLS)
    os.umask(0o022)
    ownership.refuse_open(root)
    root = root.resolve()
    with locked(root):
        ownership.refuse_changed(root, list(wanted_keys))
        state = State.load(root)
        signers = keys.choose(wanted_keys, state.keys)
        now = times.moment(root, state, signers, reset=reset_date)
        policy.refuse(signers, int(clock.time()))
        with replacement(root) as work:
            this = Change(work, state, signers, now, state.url)
            if reset_date:
                times.bring_back(this)
            edit(this)
            settings.refuse(state, root)
            finish(this, root)
            readable(work)
    for line in this.said:
        say(line)
    return state


def say(line: str) -> None:
    # What is published is published: a reader of our output who has gone changes nothing of it.
    with contextlib.suppress(OSError):
        print(line, flush=True)


def finish(this: Change, root: Path) -> None:
    """Write and sign the suites that changed, then what stands at the top of the tree."""
    prints = this.prints
    if this.state.keys and this.state.keys[0] != prints[0]:
        hand_over(this, prints[0])
    if list(prints) != this.state.keys or this.state.url != this.url_before:
        for suite in this.state.suites.values():
            suite.time = this.time
    for suite in this.state.suites.values():
        if times.ends_soon(suite.time, this.state.valid_days, this.time):
            suite.time = this.time
    this.state.keys, this.state.time = list(prints), this.time
    for name, suite in this.state.suites.items():
        if suite.time == this.time:
            write(this, name, suite, prints)
    top = {ARMORED: keys.export(prints, armor=True), BINARY: keys.export(prints, armor=False),
           NAME: this.state.text().encode(), 'index.html': page.text(this.state, this.keys).encode()}
    for name, data in top.items():
        replace(this.work / name, data, this.time)
    replace(this.work / page.FILES, page.listing(name for name, _ in sums.files(this.work)).encode(), this.time)
    known = {path: digest for suite in this.state.suites.values()
             for entry in [*suite.packages.values(), *suite.withdrawn.values()] for path, digest in entry.files.items()}
    listed = sums.text(this.work, root, known)
    replace(this.work / sums.NAME, listed, this.time)
    replace(this.work / sums.SIGNATURE, keys.sign(listed, prints, this.time), this.time)


def hand_over(this: Change, signer: str) -> None:
    """An rpm carries one signature, and hosts that come now know nothing of the key before."""
    for name, suite in this.state.suites.items():
        if suite.family == 'rpm':
            yum.resign(this.work, name, [*suite.packages.values(), *suite.withdrawn.values()], signer, this.time)
            this.said.append(f'  {name}: every rpm carries the signature of {signer} now')


def write(this: Change, name: str, suite: Suite, prints: Sequence[str]) -> None:
    if suite.family == 'deb':
        apt.write(this.work, name, suite, prints, this.state.valid_days)
    elif suite.family == pypi.FAMILY:
        pypi.write(this.work, name, suite)
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
        if place.suffix != '.rpm' and sha256(place) != sha256(path):
            raise BuildError(f'{path.name} is published already, with other content',
                             'build the new revision from the same upstream source')
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, place)
    os.utime(place, (this.time, this.time))
