"""What verify looks at in an index of pip's; SHA256SUMS, which is signed, covers it."""

from __future__ import annotations

from collections.abc import Iterator

from builder.repository import pypi
from builder.repository.checked import Checked
from builder.repository.state import Suite


def problems(tree: Checked, name: str, suite: Suite, signers: set[str]) -> Iterator[str]:
    """The index is what its entries make, to the byte."""
    for path, data in pypi.files(name, suite).items():
        if tree.read(path) != data:
            yield f'{path}: not the index of what is offered'
