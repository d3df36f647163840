"""Durable changes to files: a copy beside the target, fsync, rename.

``cp -a`` copies, because it keeps what Python 2.6 cannot: nanosecond times, extended attributes, the SELinux context.

Tests only: ``NOVA_CASCADING_FAULT`` makes something happen at a fault point: SIGKILL, or what a second word says
(``TERM``, ``HUP``, ``INT``; ``EIO``: this step fails; ``DEAD``: it and all later ones do). The first word is a number
N: it happens at the Nth point that is passed. A whole value that is a point's name, e.g.
``rename /opt/nova/manager.py``, kills.
"""

import errno
import hashlib
import os
import shutil
import signal
import stat
import sys

from installer import signals
from installer.reach import give, reached
from installer.run import run, text_of  # noqa: F401  text_of is used as files.text_of

SUFFIX = '.nova-cascading-new'
_passed = [0]


def fault(step, path):
    """Called before each step: what came from outside is heard here, where the tree is between two steps."""
    wanted = os.environ.get('NOVA_CASCADING_FAULT')
    if wanted:
        _passed[0] += 1
        _do_fault(wanted, '{0} {1}'.format(step, path))
    signals.check()


def _do_fault(wanted, point):
    number, _, kind = wanted.partition(' ')
    if kind == 'DEAD' and _passed[0] >= int(number) or kind == 'EIO' and _passed[0] == int(number):
        raise EnvironmentError(errno.EIO, 'Input/output error at fault point {0}'.format(number), point)
    if wanted == point or number == str(_passed[0]):
        sys.stderr.write('fault point {0}: {1}\n'.format(_passed[0], point))
        sys.stderr.flush()
        os.kill(os.getpid(), getattr(signal, 'SIG' + kind, signal.SIGKILL))


def as_bytes(path):
    """A path as the kernel has it."""
    return path if isinstance(path, bytes) else path.encode(sys.getfilesystemencoding(), 'surrogateescape')


def as_path(content):
    """The reverse: bytes as a path of this Python's own kind."""
    if sys.version_info[0] == 2:
        return content
    return content.decode(sys.getfilesystemencoding(), 'surrogateescape')


def read(path):
    with open(path, 'rb') as stream:
        return stream.read()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def digest(path):
    """:returns: the sha256 of a file; None when there is nothing, '' when it is no regular file (reading may hang)."""
    if not os.path.isfile(path):
        return '' if os.path.lexists(path) else None
    return sha256(read(path))


def beside(path):
    return os.path.join(os.path.dirname(path), '.' + os.path.basename(path) + SUFFIX)


def sync(path):
    """Make a file's content, or a folder's entries, survive a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def copy(source, target):
    """Copy a file with its owner, mode, times and attributes; a half-written copy never has the final name.

    :raises EnvironmentError: with cp's own words, e.g. that the disk is full.
    """
    new = beside(target)
    discard(new)
    fault('copy', target)
    place_beside(source, target)
    rename(new, target)


def place_beside(source, target):
    """
    :raises EnvironmentError: with cp's own words; or the source is no regular file.
    """
    with reached(source) as origin:
        with reached(target) as place:
            new = beside(place)
            status, output = run(['cp', '-a', '-T', '--remove-destination', '--', origin, new])
            if status:
                told = output.replace(origin, source).replace(os.path.dirname(new), os.path.dirname(target))
                raise EnvironmentError(told.strip() or 'cp -a {0} failed'.format(source))
            if not stat.S_ISREG(os.lstat(new).st_mode):
                os.unlink(new)
                raise EnvironmentError('{0} is no regular file any more'.format(source))
            fault('fsync', target)
            sync(new)


def write(path, content, like=None):
    """Write a file as a whole.

    :param like: a file whose owner, mode and attributes the new one takes.
    """
    new = beside(path)
    discard(new)
    if like:
        place_beside(like, path)
    with open(new, 'wb') as stream:
        stream.write(content[:len(content) // 2])
        stream.flush()
        fault('write', path)
        stream.write(content[len(content) // 2:])
        stream.flush()
        os.fsync(stream.fileno())
    rename(new, path)


def rename(new, path):
    fault('rename', path)
    with reached(new) as origin:
        with reached(path) as place:
            os.rename(origin, place)
            sync(os.path.dirname(place))
    fault('renamed', path)


def remove(path):
    fault('remove', path)
    with reached(path) as place:
        os.unlink(place)
        sync(os.path.dirname(place))


def remove_folder(path):
    fault('rmdir', path)
    with reached(path) as place:
        os.rmdir(place)


def discard(path):
    if os.path.lexists(path):
        with reached(path) as place:
            os.unlink(place)


def make_folder(path, like=None):
    """Make a folder, its parents included; the new ones belong to the owner of the folder they are made in."""
    if os.path.isdir(path):
        return
    make_folder(os.path.dirname(path), like)
    fault('mkdir', path)
    with reached(path) as place:
        os.mkdir(place)
        if like:
            give(place, os.stat(like))
        sync(os.path.dirname(place))


def copy_times(source, target):
    """Give a folder the times of another; touch does it to the nanosecond on every Python."""
    with reached(source) as origin:
        with reached(target) as place:
            run(['touch', '-h', '-r', origin, '--', place])


def remove_tree(path):
    fault('rmtree', path)
    shutil.rmtree(path, ignore_errors=True)
