"""A repository's files as its checks see them: each read once."""

from __future__ import annotations

from pathlib import Path

from builder.common.files import sha256
from builder.repository import sums


class Checked:
    """A tree whose files were read once.

    :param ring: keyring file of the trusted keys.
    :param found: path -> sha256 of every file that is there.
    """

    def __init__(self, root: Path, ring: Path) -> None:
        self.root = root
        self.ring = ring
        self.found = {name: sha256(root / name) for name, _ in sums.files(root)}

    def read(self, name: str) -> bytes:
        path = self.root / name
        return path.read_bytes() if path.is_file() else b''
