"""Offers to every host what only testing hosts were offered so far: from SUITE-testing to SUITE."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from builder.errors import BuildError
from builder.repository import suites, yum
from builder.repository.atomic import link
from builder.repository.publish import add_target
from builder.repository.state import Entry
from builder.repository.transaction import Change, change
from builder.repository.versions import same


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('version', nargs='?', metavar='VERSION', help='only packages of this version (all of testing)')
    add_target(parser)
    parser.add_argument('--suite', metavar='NAME', help='only this suite (all)')


def run(args: argparse.Namespace) -> int:
    change(args.to, args.key, lambda this: edit(this, args))
    return 0


def edit(this: Change, args: argparse.Namespace) -> None:
    done = [promote(this, name, entry) for name, entry in candidates(this, args)]
    if not any(done):
        raise BuildError(f'nothing in testing to promote{f": no version {args.version}" if args.version else ""}',
                         '`./build.sh publish --channel testing` adds to it')


def candidates(this: Change, args: argparse.Namespace) -> list[tuple[str, Entry]]:
    return [(name, entry) for name, suite in sorted(this.state.suites.items()) if name.endswith(suites.TESTING)
            and args.suite in (None, name, suites.stable_of(name))
            for entry in suite.packages.values() if not args.version or same(entry.version, args.version)]


def promote(this: Change, name: str, entry: Entry) -> bool:
    """:returns: whether the package is new to the stable suite."""
    family, stable = this.state.suites[name].family, suites.stable_of(name)
    moved = entry
    if family == 'rpm':
        move = {path: f'{yum.directory(stable)}/packages/{Path(path).name}' for path in entry.files}
        moved = replace(entry, files={move[path]: digest for path, digest in entry.files.items()})
        for old, new in move.items():
            link(this.work / old, this.work / new)
    there = this.state.suites.get(stable)
    if there and (moved.path in there.packages or moved.path in there.withdrawn):
        return False
    this.suite(stable, family).packages[moved.path] = moved
    print(f'  {Path(moved.path).name} -> {stable}')
    return True

