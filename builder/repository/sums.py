"""SHA256SUMS and its signature: what every file of the tree is, so that any copy of it can be checked as a whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from builder.repository.packages import sha256

NAME = 'SHA256SUMS'
SIGNATURE = 'SHA256SUMS.asc'


def files(root: Path) -> Iterator[tuple[str, int]]:
    """Every regular file of the tree and its inode, SHA256SUMS and its signature left out."""
    folders = ['']
    while folders:
        folder = folders.pop()
        for found in os.scandir(root / folder):
            name = folder + found.name
            if found.is_dir(follow_symlinks=False):
                folders.append(f'{name}/')
            elif name not in (NAME, SIGNATURE) and not found.is_symlink():
                yield name, found.inode()


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


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
