"""Local copies of sources: looked at before any network, and kept after every download."""

from __future__ import annotations

import os
from pathlib import Path

from builder.common.files import put

ARCHIVES = ('.tar.gz', '.tar.xz', '.tar.bz2', '.tgz', '.tar', '.zip')


def directory() -> Path:
    """``$NOVA_CASCADING_SOURCES``, or ``~/.cache/nova-cascading/sources``."""
    named = os.environ.get('NOVA_CASCADING_SOURCES')
    return Path(named) if named else Path.home() / '.cache' / 'nova-cascading' / 'sources'


def release(version: str) -> Path | None:
    """The local copy of a release's tarball, if there is one."""
    candidates = (directory() / f'nova-{version}{suffix}' for suffix in ARCHIVES)
    return next((path for path in candidates if path.is_file()), None)


def keep(path: Path) -> Path:
    """Move a finished download into the cache, whole or not at all; where it cannot be kept, it stays where it is."""
    try:
        return put([path], directory())[0]
    except OSError:
        return path
