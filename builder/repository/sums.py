"""SHA256SUMS and its signature: what every file of the tree is, so that any copy of it can be checked as a whole."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from builder.common.files import sha256

NAME = 'SHA256SUMS'
SIGNATURE = 'SHA256SUMS.asc'
# The one kind of link in the tree: from a yum repository's kept metadata to its packages.
LINK = re.compile(r'yum/[^/]+/states/[^/]+/packages')
LINK_TO = '../../packages'


def entries(root: Path) -> Iterator[tuple[str, os.DirEntry]]:
    """Everything in the tree but directories, by its name in the tree."""
    folders = ['']
    while folders:
        folder = folders.pop()
        with os.scandir(root / folder) as inside:
            for found in inside:
                if found.is_dir(follow_symlinks=False):
                    folders.append(f'{folder}{found.name}/')
                else:
                    yield folder + found.name, found


def files(root: Path) -> Iterator[tuple[str, int]]:
    """Every regular file of the tree and its inode, SHA256SUMS and its signature left out."""
    for name, found in entries(root):
        if name not in (NAME, SIGNATURE) and found.is_file(follow_symlinks=False):
            yield name, found.inode()


def strange(root: Path) -> Iterator[str]:
    """What the publisher never makes: links that lead anywhere else, sockets, pipes, devices."""
    for name, found in entries(root):
        own = found.is_symlink() and LINK.fullmatch(name) and str(Path(found.path).readlink()) == LINK_TO
        if not own and not found.is_file(follow_symlinks=False):
            yield f'{name}: a {"link that leads elsewhere" if found.is_symlink() else "thing that is no file"}'


def unreadable(root: Path) -> Iterator[str]:
    """What a web server, which is another user, cannot read: one sentence for all of it."""
    found = []
    for folder, _, names in os.walk(root):
        for path, wanted in [(Path(folder), 0o555), *((Path(folder, name), 0o444) for name in names)]:
            if not path.is_symlink() and (mode := path.stat().st_mode & 0o777) & wanted != wanted:
                found.append(f'{path.relative_to(root)} (mode {mode:04o})')
    if found:
        others = f' and {len(found) - 1} more' if len(found) > 1 else ''
        yield f'{found[0]}{others}: not for every user to read, so no web server can: ' \
            f'chmod -R a+rX {shlex.quote(str(root))}'


def load(root: Path) -> dict[str, str]:
    path = root / NAME
    lines = path.read_text().splitlines() if path.exists() else []
    return {name: digest for digest, _, name in (line.partition('  ') for line in lines)}


def text(work: Path, before: Path, known: dict[str, str]) -> bytes:
    """The new SHA256SUMS.

    :param work: the working copy, whose unchanged files are hard links to those of ``before``.
    :param known: path -> sha256 of packages, which need not be read again.
    """
    old, inodes = load(before), dict(files(before)) if before.exists() else {}
    by_inode: dict[int, str] = {}
    lines = []
    for name, inode in sorted(files(work)):
        digest = known.get(name) or by_inode.get(inode) or (old.get(name) if inodes.get(name) == inode else None)
        by_inode[inode] = digest or sha256(work / name)
        lines.append(f'{by_inode[inode]}  {name}\n')
    return ''.join(lines).encode()
