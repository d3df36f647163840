"""Local copies of sources: looked at before any network, and kept after every download."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

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
    kept = directory() / path.name
    partial = kept.with_name(f'.{kept.name}.{os.getpid()}')
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, partial)
        partial.replace(kept)
    except OSError:
        return path
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
    return kept


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open('rb') as stream:
        for block in iter(lambda: stream.read(1 << 20), b''):
            digest.update(block)
    return digest.hexdigest()
