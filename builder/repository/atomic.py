"""One publisher at a time, and one rename that turns the old repository into the new one."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from builder.errors import BuildError

AT_FDCWD = -100
RENAME_EXCHANGE = 2  # renameat2(2)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the publishers' lock of a repository; wait, and say so, while another publisher holds it."""
    root.parent.mkdir(parents=True, exist_ok=True)
    with _beside(root, 'lock').open('w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f'waiting: another publisher works on {root}', file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def replacement(root: Path) -> Iterator[Path]:
    """A copy of the repository, by hard links, to work on; it takes the repository's place when the block succeeds.

    Files in it must be replaced, never written into. Readers that are in the middle of the old tree (an rsync, a
    copy) finish there: it is removed by the next publisher, not by this one.
    :raises BuildError: the file system cannot exchange two directories in one step.
    """
    work = _beside(root, 'next')
    if work.exists():
        shutil.rmtree(work)
    if root.exists():
        shutil.copytree(root, work, symlinks=True, copy_function=os.link)
    else:
        work.mkdir()
    try:
        yield work
    except BaseException as error:
        shutil.rmtree(work, ignore_errors=True)
        if isinstance(error, OSError):
            raise BuildError(f'the new state of {root} cannot be written: {error}; nothing was changed',
                             'free space there or mend its permissions, then run the same command again') from error
        raise
    _flush(work)
    _switch(work, root)


def replace(path: Path, data: bytes, time: int) -> None:
    """Put a new file in place of one that may be hard-linked to what readers see.

    :param time: its modification time, seconds since 1970: the same publish gives the same tree.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    os.utime(path, (time, time))


def link(source: Path, path: Path) -> None:
    """Give a file one more name, in place of whatever has it."""
    if path != source:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        os.link(source, path)


def _beside(root: Path, what: str) -> Path:
    return root.parent / f'.{root.name}.{what}'


def _flush(tree: Path) -> None:
    # A power cut after the switch must not leave empty files under their new names.
    descriptor = os.open(tree, os.O_RDONLY)
    try:
        ctypes.CDLL(None, use_errno=True).syncfs(descriptor)
    finally:
        os.close(descriptor)


def _switch(work: Path, root: Path) -> None:
    if not root.exists():
        work.rename(root)
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(AT_FDCWD, os.fsencode(work), AT_FDCWD, os.fsencode(root), RENAME_EXCHANGE) == 0:
        return
    code = ctypes.get_errno()
    why = 'it is a mount point' if code == errno.EBUSY else os.strerror(code)
    raise BuildError(f'{root} cannot be switched to its new state in one step: {why}; nothing was changed',
                     'publish with --to DIR on a local file system (ext4, xfs, btrfs), then carry it over with rsync')
