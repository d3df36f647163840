"""Reads TOML on every Python that the builder runs on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    :raises tomllib.TOMLDecodeError: a ValueError that names line and column.
    """
    return tomllib.loads(path.read_text(encoding='utf-8'))
