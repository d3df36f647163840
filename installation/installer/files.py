"""Durable changes to files: a copy beside the target, fsync, rename.

``cp -a`` copies, because it keeps what Python 2.6 cannot: nanosecond times, extended attributes, the SELinux context.

Tests only: ``NOVA_CASCADING_FAULT`` kills the process (SIGKILL) at a fault point. Its value is a point's name, e.g.
``rename /opt/nova/objects/instance.py``, or a number: the how-manieth point that is passed.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys

SUFFIX = '.nova-cascading-new'
_passed = [0]


def fault(step, path):
    wanted = os.environ.get('NOVA_CASCADING_FAULT')
    _passed[0] += 1
    if wanted in ('{0} {1}'.format(step, path), str(_passed[0])):
        sys.stderr.write('fault point {0}: {1} {2}\n'.format(_passed[0], step, path))
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)


def run(command, **options):
    """Run a command in the root directory (a ``nova/`` in the current one must not shadow the installed one).

    :returns: (exit status, standard output and error as text); status 127 when there is no such command.
    """
    environment = dict(os.environ, LC_ALL='C', PYTHONDONTWRITEBYTECODE='1')
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd='/',
                                   env=environment, **options)
    except OSError as error:
        return 127, str(error)
    output = process.communicate()[0]
    return process.returncode, text_of(output)


def text_of(content):
    """Bytes as this Python's own kind of text."""
    return content if isinstance(content, str) else content.decode('utf-8', 'replace')


def read(path):
    with open(path, 'rb') as stream:
        return stream.read()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def digest(path):
    """:returns: the sha256 of a file, or None when there is none."""
    return sha256(read(path)) if os.path.lexists(path) else None


def beside(path):
    return os.path.join(os.path.dirname(path), '.' + os.path.basename(path) + SUFFIX)


def sync(path):
    """Make a file's content, or a folder's entries, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
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
    new = beside(target)
    status, output = run(['cp', '-a', '--', source, new])
    if status:
        raise EnvironmentError(output.strip() or 'cp -a {0} failed'.format(source))
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
    os.rename(new, path)
    sync(os.path.dirname(path))
    fault('renamed', path)


def remove(path):
    fault('remove', path)
    os.unlink(path)
    sync(os.path.dirname(path))


def discard(path):
    if os.path.lexists(path):
        os.unlink(path)


def make_folder(path, like=None):
    """Make a folder, its parents included; the new ones belong to the owner of the folder they are made in."""
    if os.path.isdir(path):
        return
    above = os.path.dirname(path)
    make_folder(above, like)
    fault('mkdir', path)
    os.mkdir(path)
    if like:
        found = os.stat(like)
        os.chmod(path, found.st_mode & 0o7777)
        if os.geteuid() == 0:
            os.chown(path, found.st_uid, found.st_gid)
    sync(above)


def copy_times(source, target):
    """Give a folder the times of another; touch does it to the nanosecond on every Python."""
    run(['touch', '-r', source, '--', target])


def remove_tree(path):
    fault('rmtree', path)
    shutil.rmtree(path, ignore_errors=True)
