"""SHA256SUMS and its signature: what every file of the tree is, so that any copy of it can be checked as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from builder.repository.packages import sha256

NAME = 'SHA256SUMS'
SIGNATURE = 'SHA256SUMS.asc'


def files(root: Path) -> Iterator[str]:
    """Every file of the tree, SHA256SUMS and its signature left out."""
    folders = [root]
    while folders:
        for path in folders.pop().iterdir():
            if path.is_dir() and not path.is_symlink():
                folders.append(path)
            elif path.parent != root or path.name not in (NAME, SIGNATURE):
                yield str(path.relative_to(root))


def load(root: Path) -> dict[str, str]:
    path = root / NAME
    lines = path.read_text().splitlines() if path.exists() else []
    return {name: digest for digest, _, name in (line.partition('  ') for line in lines)}


def text(work: Path, before: Path, known: dict[str, str]) -> bytes:
    """The new SHA256SUMS.

    :param work: the working copy, whose unchanged files are hard links to those of ``before``.
    :param known: path -> sha256 of packages, which need not be read again.
    """
    old = load(before)
    by_inode: dict[int, str] = {}
    lines = []
    for name in sorted(files(work)):
        number = (work / name).stat().st_ino
        digest = known.get(name) or by_inode.get(number)
        if digest is None and name in old and (before / name).stat().st_ino == number:
            digest = old[name]
        by_inode[number] = digest or sha256(work / name)
        lines.append(f'{by_inode[number]}  {name}\n')
    return ''.join(lines).encode()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
