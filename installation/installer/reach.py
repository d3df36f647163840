"""Reaches a file through its folder, which is opened step by step and then held.

Whoever may write a tree can put a link in the place of a folder at any moment; root must not follow it out of the tree.
``/proc/PID/fd`` does what openat(2) does, on every Python and for the programs that we start.
"""

import contextlib
import errno
import os
import stat

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
MOST_LINKS = 40  # as the kernel's own limit


@contextlib.contextmanager
def reached(path):
    """
    :param path: absolute; its folder is there.
    :returns: another path of the same entry, which leads to it whatever becomes of the folders on the way.
    :raises EnvironmentError: a folder on the way is a link, and others than root and we could have put it there.
    """
    folder, name = os.path.split(path)
    handle = opened(folder)
    held = '/proc/{0}/fd/{1}'.format(os.getpid(), handle)
    try:
        yield os.path.join(held, name)
    except EnvironmentError as error:  # people know the file by its own path
        if str(error.filename).startswith(held):
            raise EnvironmentError(error.errno, error.strerror, path)
        raise
    finally:
        os.close(handle)


def opened(folder):
    """:returns: the number of an open folder."""
    handle, todo, links = os.open('/', FOLDER), _parts(folder), 0
    try:
        while todo:
            place = '/proc/self/fd/{0}/{1}'.format(handle, todo.pop())
            if os.path.islink(place):
                links += 1
                if links > MOST_LINKS or not _is_safe(handle):
                    raise EnvironmentError(errno.ELOOP, 'a folder on the way is a link now, of whoever may write there',
                                           folder)
                todo += _parts(os.readlink(place))
                place = '/' if os.readlink(place).startswith('/') else None
            if place:
                before, handle = handle, os.open(place, FOLDER)
                os.close(before)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _parts(path):
    return [part for part in reversed(path.split('/')) if part not in ('', '.')]


def _is_safe(handle):
    """Whether nobody but root and we can put a link into an open folder."""
    found = os.fstat(handle)
    return found.st_uid in (0, os.geteuid()) and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def give(folder, like):
    """Give an own new folder the mode and owner of another.

    :param like: what os.stat() says of that one.
    """
    handle = os.open(folder, FOLDER)
    try:
        os.fchmod(handle, like.st_mode & 0o7777)
        if os.geteuid() == 0:
            os.fchown(handle, like.st_uid, like.st_gid)
    finally:
        os.close(handle)
