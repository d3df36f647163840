"""Files: what they hold, as sha256 and compressed, and finished ones put in their place."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from builder.common.errors import BuildError


def sha256(content: Path | bytes) -> str:
    """The sha256, in hex, of a file or of bytes."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    digest = hashlib.sha256()
    with content.open('rb') as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def gzipped(content: bytes) -> bytes:
    """The same bytes with every Python: since 3.11, gzip.compress writes another header."""
    stream = io.BytesIO()
    with gzip.GzipFile('', 'wb', 9, stream, mtime=0) as packed:
        packed.write(content)
    return stream.getvalue()


def put(paths: Iterable[Path], to: Path) -> list[Path]:
    """Copy files into a directory: under other names first, then renamed, so that none is ever half there.

    :param to: made when it is not there.
    :returns: where they are now.
    :raises OSError: none of them was put there.
    """
    if not to.exists():
        to.mkdir(parents=True)
        to.chmod(0o755)
    with tempfile.TemporaryDirectory(prefix='.incoming-', dir=to) as incoming:
        copies = [Path(shutil.copy(path, incoming)) for path in paths]
        # Whatever the umask: web servers and apt's own user read packages.
        for copy in copies:
            copy.chmod(0o755 if copy.stat().st_mode & 0o100 else 0o644)
        return [path.replace(to / path.name) for path in copies]


def deliver(built: Iterable[Path], to: Path) -> list[Path]:
    """As ``put``, for what the user has asked for.

    :raises BuildError: the directory cannot be written.
    """
    try:
        return put(built, to)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise BuildError(f'what was built cannot be written to {to}: {error.strerror}',
                         'free space there, or choose another place: --to DIR' if full else
                         'choose a directory that you may write to: --to DIR') from error
