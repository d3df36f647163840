"""Files that others must not read, change, lock or lead elsewhere: locks, notes, exports.

No link is followed in the last part of a path, no file that is there is written into, and what was written whole gets
its name in one step. Nothing here waits for ever.
"""

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
import time

from nova.cascading import errors

_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK)  # file systems without hard links


def make_directory(path):
    """Make a directory for us alone (0700), with the missing ones above it; one that is there stays as it is.

    :raises errors.CascadingError: others could replace what is in it
    :raises EnvironmentError: it cannot be made
    """
    if not os.path.isdir(path):
        make_directory(os.path.dirname(os.path.abspath(path)))
        os.mkdir(path, 0o700)
    refuse_open(path)


def refuse_open(path):
    """See that nobody but root and us can put another file in the place of ours.

    :param path: a directory; one with the sticky bit, as /tmp, will do
    :raises errors.CascadingError: somebody can
    """
    found = os.stat(path)
    if found.st_uid not in (0, os.geteuid()):
        raise errors.CascadingError('{0} belongs to another user (uid {1}), who could replace what is in it'.format(
            path, found.st_uid), 'name a directory of your own')
    if found.st_mode & _OTHERS and not found.st_mode & stat.S_ISVTX:
        raise errors.CascadingError('{0} can be written by other users, who could replace what is in it'.format(path),
                                    'if it is meant for you alone: chmod go-w {0}'.format(path))


def refuse_open_way(path):
    """As refuse_open(), of a program too, and of all that leads to it: directories, links and what they point to."""
    refuse_open(path)
    above = os.path.dirname(path)
    if os.path.islink(path):
        refuse_open_way(os.path.join(above, os.readlink(path)))
    if above != path:
        refuse_open_way(above)


@contextlib.contextmanager
def new(path):
    """A binary file, mode 0600, that appears under its name when the block has ended well, or not at all.

    :param path: must not exist: nothing is ever overwritten
    :raises EnvironmentError: it exists, or cannot be written
    """
    if os.path.lexists(path):
        raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    with _part(path) as (part, stream):
        yield stream
        _finish(stream)
        _link(part, path)
    sync(os.path.dirname(path))


def write(path, text):
    """Write a small file whole, mode 0600, in the place of the one that may be there.

    :param text: ASCII only
    :raises EnvironmentError: it cannot be written; the one that is there stays as it was
    """
    with _part(path) as (part, stream):
        stream.write(text.encode('ascii'))
        _finish(stream)
        os.rename(part, path)
    sync(os.path.dirname(path))


def read(path):
    """The text of a file that write() has made; '' when there is none.

    :raises errors.CascadingError: it may be somebody else's
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENOENT:
            return ''
        if error.errno == errno.ELOOP:
            raise _not_ours(path)
        raise
    with os.fdopen(descriptor, 'rb') as stream:
        _refuse_others(descriptor, path)
        return stream.read().decode('ascii', 'replace')


def end_of(path, size=65536):
    """The last bytes of a file that others write, such as a log or a pid file; b'' when it is none.

    A link in its place is not followed, and a pipe there is not waited for.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except EnvironmentError:
        return b''
    with os.fdopen(descriptor, 'rb') as stream:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return b''
        stream.seek(max(0, found.st_size - size))
        return stream.read(size)


@contextlib.contextmanager
def lock(path, seconds, say):
    """Do a block while no other process does it; the lock ends with the process, however that ends.

    :param path: a file that stays; its directory is root's or ours, such as /run
    :param seconds: how long to wait for another process
    :param say: function that tells the user a line: whom we wait for
    :raises errors.CascadingError: the other process is still at work then; the file cannot be made, or may be
        somebody else's
    """
    refuse_open(os.path.dirname(path))
    descriptor = _open_lock(path)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        _refuse_others(descriptor, path)
        _take(descriptor, path, seconds, say)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, '{0}\n'.format(os.getpid()).encode('ascii'))
        yield
    finally:
        os.close(descriptor)


def now():
    """Seconds of a clock that nobody sets; Python 2 has no other one."""
    return os.times()[4]


def sync(directory):
    """See that the names in a directory are on the disk."""
    descriptor = os.open(directory or '.', os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS):  # a file system without a disk
            raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _part(path):
    """(name, stream) of a file beside another one, which is gone at the end of the block."""
    descriptor, part = tempfile.mkstemp(prefix='.{0}.'.format(os.path.basename(path)), suffix='.part',
                                        dir=os.path.dirname(path) or '.')
    stream = os.fdopen(descriptor, 'wb')
    try:
        yield part, stream
    finally:
        _close(stream)
        if os.path.lexists(part):
            os.unlink(part)


def _close(stream):
    try:
        stream.close()
    except EnvironmentError:  # what could not be written has been told by _finish, or by what went wrong before
        pass


def _finish(stream):
    stream.flush()
    os.fsync(stream.fileno())


def _link(part, path):
    """A rename would overwrite what somebody else has put there in the meantime."""
    try:
        os.link(part, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        os.rename(part, path)


def _open_lock(path):
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _not_ours(path)
        raise errors.CascadingError('{0} cannot be locked: {1}'.format(path, error.strerror),
                                    None if os.geteuid() == 0 else 'run this as root')


def _take(descriptor, path, seconds, say):
    end, told = now() + seconds, False
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except EnvironmentError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
        if now() >= end:
            raise errors.CascadingError('{0} has held {1} for {2} s'.format(_holder(descriptor), path, seconds),
                                        'wait until it has ended, or end it; then run this again')
        if not told:
            say('waiting for {0}, for up to {1} s'.format(_holder(descriptor), seconds))
            told = True
        time.sleep(0.2)


def _holder(descriptor):
    """Who has the lock, as he has written it into the file."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    number = os.read(descriptor, 20).decode('ascii', 'replace').strip()
    try:
        with open('/proc/{0}/cmdline'.format(int(number)), 'rb') as words:
            command = ' '.join(words.read(200).replace(b'\0', b' ').decode('ascii', 'replace').split())
        return errors.printable('process {0} ({1})'.format(number, command))
    except (EnvironmentError, ValueError):
        return 'another process'


def _refuse_others(descriptor, path):
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid not in (0, os.geteuid()) or found.st_mode & _OTHERS \
            or found.st_nlink > 1:
        raise _not_ours(path)


def _not_ours(path):
    return errors.CascadingError('{0} is not a file that nova-cascading has made: others may have put it there'.format(
        path), 'look at it, then take it away: ls -l {0}; rm {0}'.format(path))
