"""Reads TOML on every Python that the builder runs on."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from builder.common import tools

# In Python itself since 3.11; tomli is the same code; toml is what Debian 11 and EL9 package.
READERS = ('tomllib', 'tomli', 'toml')


def read(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    :raises ValueError: what the reader says of a file that is no TOML, with line and column.
    """
    return reader().loads(path.read_text(encoding='utf-8'))


def reader() -> ModuleType:
    there = next((name for name in READERS if importlib.util.find_spec(name)), None)
    if there is None:
        tools.need(['module:toml'])
    return importlib.import_module(there or 'toml')
