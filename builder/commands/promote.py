"""Offers to every host what only testing hosts were offered so far: from SUITE-testing to SUITE."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from builder.commands import options
from builder.common.errors import BuildError
from builder.repository import keyring, naming, pypi, targets, yum
from builder.repository.atomic import link
from builder.repository.change import Change
from builder.repository.state import Entry, State, Suite
from builder.repository.transaction import change
from builder.repository.versions import same


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('version', nargs='?', metavar='VERSION', help='only packages of this version (all of testing)')
    options.repository(parser)
    parser.add_argument('--suite', metavar='NAME', help='only this suite (all)')


def run(args: argparse.Namespace) -> int:
    State.must_exist(args.to)
    change(args.to, args.key, lambda this: edit(this, args))
    return 0


def edit(this: Change, args: argparse.Namespace) -> None:
    done = [promote(this, name, entry) for name, entry in candidates(this, args)]
    keyring.offer(this)
    naming.refuse_mixture(this, [])
    if not any(done):
        raise BuildError(f'nothing in testing to promote{f": no version {args.version}" if args.version else ""}',
                         '`./build.sh publish --channel testing` adds to it')


def candidates(this: Change, args: argparse.Namespace) -> list[tuple[str, Entry]]:
    return [(name, entry) for name, suite in sorted(this.state.suites.items()) if name.endswith(targets.TESTING)
            and args.suite in (None, name, targets.stable_of(name)) for entry in suite.packages.values()
            if entry.name not in keyring.NAMES and (not args.version or same(entry.version, args.version))]


def promote(this: Change, name: str, entry: Entry) -> bool:
    """:returns: whether the package is new to the stable suite."""
    family, stable = this.state.suites[name].family, targets.stable_of(name)
    move = {path: place(path, family, stable) for path in entry.files}
    there = this.state.suites.get(stable, Suite(family))
    if {move[entry.path]} & (there.packages.keys() | there.withdrawn.keys()):
        return False
    for old, new in move.items():
        link(this.work / old, this.work / new)
    moved = replace(entry, files={move[path]: digest for path, digest in entry.files.items()})
    this.suite(stable, family).packages[moved.path] = moved
    this.said.append(f'  {Path(moved.path).name} -> {stable}')
    return True


def place(path: str, family: str, stable: str) -> str:
    """The pool serves every suite; a yum repository has its packages beside its metadata."""
    if family == pypi.FAMILY:
        return '/'.join([stable, *path.split('/')[1:]])
    return f'{yum.directory(stable)}/packages/{Path(path).name}' if family == 'rpm' else path
