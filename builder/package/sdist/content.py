"""What is in the forked source: upstream's files, and the verified delta."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from builder.common import git
from builder.common.errors import BuildError
from builder.common.model import Fork, Tree
from builder.package.archive import EXECUTABLE, FILE, LINK, Member
from builder.package.tarball import LEFT_OUT


def patched(fork: Fork) -> dict[str, Member]:
    """Path in the source -> member, of all of it.

    :raises BuildError: the tree is a part of a release only, as stock packages hold it.
    """
    members = dict(upstream(fork.tree))
    if 'setup.cfg' not in members or 'setup.py' not in members:
        raise BuildError(f'{fork.tree.origin} has no setup.cfg and setup.py, so pip cannot install it',
                         f'give the whole release: ./build.sh sdist {fork.tree.version}, its tarball, or a checkout')
    for patch in fork.patches:
        for path, (_, after) in patch.files.items():
            members[path] = Member(members[path].kind if path in members else FILE, after)
    return members


def upstream(tree: Tree) -> Iterator[tuple[str, Member]]:
    known = tracked(tree.path)
    for name in sorted(name for name in found(tree.path) if not known or name in known):
        path = tree.path / name
        if not name.isprintable():  # it would be several lines of SOURCES.txt, or none
            raise BuildError(f'{tree.origin} has a file of the name {name!r}, which setuptools cannot take',
                             'take it out of the source, or get the source again from where it was released')
        if path.is_symlink():
            yield name, Member(LINK, os.fsencode(path.readlink()))
        elif path.is_file():
            yield name, Member(EXECUTABLE if path.stat().st_mode & 0o100 else FILE, path.read_bytes())


def tracked(path: Path) -> set[str]:
    """The files of a checkout that git knows; none of another directory."""
    listed = git.ask(path, 'ls-files', '-z')
    return set((listed or '').split('\0')) - {''}


def found(top: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in [*names, *(name for name in folders if Path(folder, name).is_symlink())]:
            # .git is a file in a submodule and in a further work tree.
            if name != '.git' and not name.endswith(('.pyc', '.pyo')):
                yield Path(folder, name).relative_to(top).as_posix()
