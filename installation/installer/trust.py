"""Who else can write what root is about to run? A program counts with every folder and link that leads to it.

It imports nothing of ours, as Ansible's role for virtualenvs sends this file alone, and runs it: trust.py VIRTUALENV.
Exit status: 0 root alone can write what it runs of that; 1 somebody else can, and who.
"""

import errno
import glob
import grp
import os
import pwd
import re
import stat
import sys

GROUP, OTHERS = 0o020, 0o002
MOST_LINKS = 40  # as the kernel's own limit


def ourselves():
    """:returns: the user ids that may always write what we run: root's, and our own."""
    return set([0, os.geteuid()])


def owner_of(path):
    """:returns: the user id a file belongs to, or None when there is none."""
    try:
        return os.stat(path).st_uid
    except OSError:
        return None


def weakness(path, users, missing=False):
    """
    :param path: a program, module or folder.
    :param users: ids of the users who may write it.
    :param missing: it need not be there yet: who can write above it can make it.
    :returns: who else can, in words; None when nobody can.
    """
    try:
        for place, found in _steps(path):
            is_shared = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX  # there each entry is its owner's
            reason = _writers(place, found, users, is_shared)
            if reason:
                return reason
    except OSError as error:
        return None if missing and error.errno == errno.ENOENT else '{0}: {1}'.format(error.filename, error.strerror)
    return None


def _steps(path):
    """All that is passed on the way to a path, and what each is; links are followed by hand."""
    place, todo, links = '/', _parts(path), 0
    yield place, os.lstat(place)
    while todo:
        part = todo.pop()
        if part in ('', '.', '..'):
            place = os.path.dirname(place) if part == '..' else place
            continue
        beneath = os.path.join(place, part)
        found = os.lstat(beneath)
        yield beneath, found
        if not stat.S_ISLNK(found.st_mode):
            place = beneath
            continue
        links, target = links + 1, os.readlink(beneath)
        if links > MOST_LINKS:
            raise OSError(errno.ELOOP, 'is a link to itself', path)
        place = '/' if target.startswith('/') else place
        todo += _parts(target)


def _parts(path):
    return list(reversed(path.split('/')))


def weakness_of_folder(path, users):
    """As weakness(), of a folder to which nobody else may even add something: Python would take it for a module."""
    return weakness(path, users) or _writers(path, os.stat(path), users)


def _writers(path, found, users, is_shared=False):
    if found.st_uid not in users:
        return '{0} belongs to the user {1}'.format(path, name_of(found.st_uid))
    if stat.S_ISLNK(found.st_mode) or is_shared:  # nobody writes a link
        return None
    if found.st_mode & OTHERS:
        return '{0} can be written by everybody'.format(path)
    if found.st_mode & GROUP and (_has_acl(path) or _members(found.st_gid) - users):
        return '{0} can be written by the group {1}'.format(path, _group(found.st_gid))
    if found.st_mode & GROUP and _is_unlisted(found.st_gid, users):
        return '{0} can be written by the group {1}, of which this host cannot list all'.format(
            path, _group(found.st_gid))
    return None


def _has_acl(path):
    """With an access list the group's bits say what the most favoured of its entries may."""
    ask = vars(os).get('getxattr')  # Python 2 cannot
    try:
        return bool(ask and ask(path, 'system.posix_acl_access'))
    except OSError:
        return False


_known_members = {}


def _members(gid):
    """:returns: the user ids whom a group's right to write serves."""
    if gid == 0:  # counts as root; on EL, sync and halt have it
        return set()
    if gid not in _known_members:
        named = grp.getgrgid(gid).gr_mem if _group(gid) != str(gid) else []
        own = [user.pw_uid for user in pwd.getpwall() if user.pw_gid == gid]
        _known_members[gid] = set(own + [user.pw_uid for user in map(_user, named) if user])
    return _known_members[gid]


def _is_unlisted(gid, users):
    """A directory service does not list the users whose own group it is (sssd: enumerate = false), so nobody can tell
    that a group of its is empty. One that it has made for a single user has his name."""
    if _group(gid) == str(gid) or _is_local(gid):
        return False
    user = _user(_group(gid))
    return user is None or user.pw_gid != gid or user.pw_uid not in users


def _is_local(gid):
    try:
        with open('/etc/group') as lines:
            return any(line.split(':')[2:3] == [str(gid)] for line in lines)
    except EnvironmentError:
        return False


def _user(name):
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _group(gid):
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def name_of(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


LIBRARIES = ('pyvenv.cfg', 'lib', 'lib64', 'lib*/python*', 'lib*/python*/*.py', 'lib*/python*/*-packages',
             'lib*/python*/*-packages/*')


def weakness_of_interpreter(python, users):
    """As weakness(), of an interpreter with what it loads by itself: its settings, its library, the packages in it."""
    reason = weakness(python, users)
    prefix = os.path.dirname(os.path.dirname(os.path.abspath(python)))
    if reason or prefix in ('/', '/usr'):
        return reason
    for pattern in LIBRARIES:
        for path in sorted(glob.glob(os.path.join(glob_escape(prefix), pattern))):
            reason = _writers(path, os.lstat(path), users)
            if reason:
                return reason
    return None


def weakness_of_modules(top, users):
    """As weakness(), of a tree of modules; only root can have given a file in it to somebody else."""
    reason = weakness_of_folder(top, users)
    for folder, names, others in os.walk(top):
        for path in [] if reason else [os.path.join(folder, name) for name in names + others]:
            found = os.lstat(path)
            known = users if stat.S_ISDIR(found.st_mode) else users | set([found.st_uid])
            reason = reason or _writers(path, found, known)
    return reason


def weakness_of_virtualenv(place):
    """As weakness(), of what root runs of a virtualenv that has nova, where nobody but us may write it."""
    command, users = os.path.join(place, 'bin', 'nova-cascading'), ourselves()
    reason = weakness_of_interpreter(os.path.join(place, 'bin', 'python'), users)
    if not reason and os.path.lexists(command):
        reason = weakness(command, users)
    for nova in sorted(glob.glob(os.path.join(glob_escape(place), 'lib/python*/*-packages/nova'))):
        reason = reason or weakness_of_modules(nova, users)
    return reason


def glob_escape(path):
    """glob.escape(), which Python 2 has not."""
    return re.sub(r'([*?[])', r'[\1]', path)


if __name__ == '__main__':
    found_weakness = weakness_of_virtualenv(os.path.abspath(sys.argv[1]))
    print(found_weakness or 'nobody else')
    sys.exit(1 if found_weakness else 0)
