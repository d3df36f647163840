"""One publisher at a time, and one rename that turns the old repository into the new one."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from builder.common.errors import BuildError

AT_FDCWD = -100
RENAME_EXCHANGE = 2  # renameat2(2)
OPEN = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
WAIT = 900  # seconds: a first publish of thousands of packages takes minutes


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the publishers' lock of a repository; wait, and say so, while another publisher holds it.

    :raises BuildError: the lock cannot be had: it is somebody else's, or still held after WAIT seconds.
    """
    place = _beside(root, 'lock')
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        # 0600: whoever can open it can hold it.
        descriptor = os.open(place, OPEN | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unopened(place, error) from error
    with os.fdopen(descriptor, 'w') as lock:
        with contextlib.suppress(PermissionError):  # an older one, of another owner of the tree
            os.fchmod(descriptor, 0o600)
        _hold(lock, place, root)
        yield


@contextmanager
def at_rest(root: Path) -> Iterator[None]:
    """Wait for a publisher at work, and keep others waiting; who has no right to their lock goes on without it.

    Nothing is made: a lock of root's would keep the owner of the tree from publishing.
    """
    place = _beside(root, 'lock')
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # none there, somebody else's, or on a read-only medium
            _hold(held.enter_context(os.fdopen(os.open(place, OPEN), 'w')), place, root)
        yield


def _unopened(place: Path, error: OSError) -> BuildError:
    hint = f'see `ls -l {quoted(place)}`; publish as the user who owns the repository'
    if not os.path.lexists(place):
        hint = 'choose a directory that you may write to: --to DIR; or publish as the user who owns this one'
    elif isinstance(error, PermissionError) and os.access(place.parent, os.W_OK):
        return _foreign(place)
    return BuildError(f'the lock {place} cannot be opened: {error.strerror}', hint)


def _foreign(place: Path) -> BuildError:
    return BuildError(f'the lock {place} belongs to somebody else', f'rm {quoted(place)}, then run the same again')


def _hold(lock: IO[str], place: Path, root: Path) -> None:
    if os.fstat(lock.fileno()).st_uid not in (os.geteuid(), 0, root.parent.stat().st_uid):
        raise _foreign(place)
    for waited in range(WAIT):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waited == 0:
                print(f'waiting: another publisher works on {root}', file=sys.stderr, flush=True)
            time.sleep(1)
        else:
            return
    raise BuildError(f'another publisher has worked on {root} for {WAIT} seconds; nothing was changed',
                     f'`fuser -v {quoted(place)}` shows which; run the same again when it has ended')


@contextmanager
def replacement(root: Path) -> Iterator[Path]:
    """A copy of the repository, by hard links, to work on; it takes the repository's place when the block succeeds.

    Files in it must be replaced, never written into. Readers that are in the middle of the old tree (an rsync, a
    copy) finish there: it is removed by the next publisher, not by this one.
    :raises BuildError: the file system cannot exchange two directories in one step.
    """
    work = _beside(root, 'next')
    _refuse(root, work)  # before anything there is ours to clear up
    try:
        _begin(root, work)
        yield work
        _flush(work)
    except BaseException as error:
        shutil.rmtree(work, ignore_errors=True)
        if isinstance(error, OSError):
            raise _unwritten(root, error) from error
        raise
    _switch(work, root)


def _unwritten(root: Path, error: OSError) -> BuildError:
    # shutil tells one (from, to, why) for each file of a tree, of thousands.
    first, *more = error.args[0] if error.args and isinstance(error.args[0], list) else [('', '', error)]
    also = f' (and {len(more)} more)' if more else ''
    return BuildError(f'the new state of {root} cannot be written: {first[2]}{also}; nothing was changed',
                      'free space there or mend its permissions, then run the same command again')


def _indivisible(root: Path, why: str) -> BuildError:
    return BuildError(f'{root} cannot be switched to its new state in one step: {why}; nothing was changed',
                      'publish with --to DIR on a local file system (ext4, xfs, btrfs), then carry it over with rsync')


def _refuse(root: Path, work: Path) -> None:
    if root.exists() and root.stat().st_dev != root.parent.stat().st_dev:
        raise _indivisible(root, 'it is a mount point')
    if work.is_symlink() or (work.exists() and work.stat().st_uid not in (os.geteuid(), root.parent.stat().st_uid)):
        raise BuildError(f'somebody else has put {work} there, where a publisher works',
                         f'rm -r {quoted(work)}, then run the same command again')


def _begin(root: Path, work: Path) -> None:
    if work.exists():
        shutil.rmtree(work)
    if root.exists():
        shutil.copytree(root, work, symlinks=True, copy_function=_linked)
    else:
        work.mkdir()


def _linked(source: str, to: str, **options: Any) -> None:
    try:
        os.link(source, to, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.EXDEV:  # mounted from the same file system, or a directory in it is
            raise _indivisible(Path(source).parent, 'it is, or lies in, a mount point') from error
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS):
            raise
        shutil.copy2(source, to)  # a file system without links (FAT, some network ones)


def replace(path: Path, data: bytes, when: int) -> None:
    """Put a new file in place of one that may be hard-linked to what readers see.

    :param when: its modification time, seconds since 1970: the same publish gives the same tree.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    os.utime(path, (when, when))


def link(source: Path, path: Path) -> None:
    """Give a file one more name, in place of whatever has it."""
    if path != source:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        _linked(str(source), str(path))


def readable(tree: Path) -> None:
    """Let every user, and so every web server, read the tree, whatever the umask of this and of older publishes."""
    for folder, _, names in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink() and path.stat().st_mode & 0o777 != 0o644:
                path.chmod(0o644)


def quoted(path: Path) -> str:
    return shlex.quote(str(path))


def _beside(root: Path, what: str) -> Path:
    return root.parent / f'.{root.name}.{what}'


def _flush(tree: Path) -> None:
    # A power cut after the switch must not leave empty files under their new names.
    descriptor = os.open(tree, os.O_RDONLY)
    try:
        # Also what the disk could not take of what was written before tells itself here alone.
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(tree))
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
    shutil.rmtree(work, ignore_errors=True)
    raise _indivisible(root, 'it is a mount point' if code in (errno.EBUSY, errno.EXDEV) else os.strerror(code))
