"""What the builder needs of the machine that it runs on: the table needs.tsv, and what of it is there."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_name('needs.tsv')
MODULE = 'module:'


class Need(NamedTuple):
    """A row of the table; a package is '' where that family has none.

    :param name: a command, ``module:NAME`` or ``/path/of/a/file``.
    :param pypi: the name on PyPI of a Python module.
    :param commands: the commands of build.sh that may ask for it.
    """

    name: str
    deb: str
    rpm: str
    pypi: str
    commands: tuple[str, ...]

    def package(self, family: str) -> str:
        return self.deb if family == 'deb' else self.rpm

    def present(self) -> bool:
        """Is it there, for the Python that runs this?"""
        if self.name.startswith('/'):
            return Path(self.name).exists()
        if not self.name.startswith(MODULE):
            return shutil.which(self.name) is not None
        found = importlib.util.find_spec(self.name[len(MODULE):])
        # A directory that happens to have the name (this project's debian/) has no origin.
        return found is not None and found.origin is not None


@cache
def table() -> dict[str, Need]:
    lines = [line for line in TABLE.read_text(encoding='utf-8').splitlines() if not line.startswith('#')]
    rows = [['' if cell == '-' else cell for cell in line.split('\t')] for line in lines]
    return {name: Need(name, deb, rpm, pypi, tuple(commands.split())) for name, deb, rpm, pypi, commands in rows}


def of_command(command: str) -> list[str]:
    """Names of all that a command of build.sh may ask for."""
    return [need.name for need in table().values() if command in need.commands]


def missing(names: Iterable[str]) -> list[Need]:
    """:raises KeyError: a name that the table does not know: a mistake in the builder."""
    return [need for need in (table()[name] for name in names) if not need.present()]
