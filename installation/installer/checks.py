"""What is refused before anything changes: packaged trees, symbolic links, no room, no right to write or to give."""

import array
import fcntl
import os
import re

from installer import change, files
from installer.run import ABSENT, TOO_LONG, run
from installer.say import Refusal, quoted

READ_ONLY = 1  # ST_RDONLY of statvfs(3)
# FS_IOC_GETFLAGS of linux/fs.h, a "read" ioctl of one long, and two of the flags that it gives.
GET_FLAGS = 0x80086601 if array.array('l').itemsize == 8 else 0x80046601
GET_FLAGS_ELSEWHERE = GET_FLAGS ^ 0xc0000000
ELSEWHERE = ('alpha', 'mips', 'ppc', 'sparc')  # these number the directions of an ioctl differently
FLAGS = ((0x10, 'immutable', 'i'), (0x20, 'append-only', 'a'))
CHOWN, OVERRIDE, OWNER = 0, 1, 3  # of capabilities(7)
MANAGERS = (
    ('dpkg', ['dpkg-query', '-S'], 'apt-get install', '(?m)^dpkg-query: error:', ['/var/lib/dpkg/status']),
    ('rpm', ['rpm', '-qf', '--qf', '%{NAME}: \\n'], 'dnf install', '(?m)^error: .*(rpmdb|database)',
     ['/var/lib/rpm/Packages', '/var/lib/rpm/Packages.db', '/var/lib/rpm/rpmdb.sqlite', '/usr/lib/sysimage/rpm']),
)
SPARE = 1 << 20  # bytes left free for the journal's own small files and folders


def check_tree(nova, paths):
    """
    :param paths: of the tree's files that will change, relative to the parent of nova/ or absolute.
    :raises Refusal: with the first reason found.
    """
    places = [os.path.join(nova.parent, path) for path in paths]
    check_text([nova.parent, nova.python or ''])
    check_links(nova.parent, places)
    check_owner(places + [os.path.join(nova.parent, 'nova', '__init__.py')])
    places += [path for place in places for path in change.bytecode_of(place)]
    check_mounts(places)
    check_writable(places)
    check_flags(places)


def check_text(paths):
    """The journal is JSON, which is UTF-8."""
    for path in paths:
        try:
            files.as_bytes(path).decode('utf-8')
        except UnicodeDecodeError:
            raise Refusal('the name of {0} is not UTF-8, and the journal could not hold it'.format(
                files.as_bytes(path).decode('utf-8', 'replace')),
                'rename that directory, or bind-mount it elsewhere and give that to --nova-parent')


def check_links(parent, places):
    for place in places:
        while len(place) > len(parent):
            if os.path.islink(place):
                raise Refusal('{0} is a symbolic link to {1}: what else uses that cannot be known'.format(
                    place, os.path.realpath(place)), _without_links(parent))
            place = os.path.dirname(place)


def _without_links(parent):
    """uv (UV_LINK_MODE=symlink) and pip (editable_mode=strict) link each file to their cache, or a checkout."""
    nova = os.path.join(parent, 'nova')
    if os.path.islink(nova):
        return 'install where it points to: --nova-parent {0}'.format(quoted(os.path.dirname(os.path.realpath(nova))))
    return 'have nova installed there as copies (uv: UV_LINK_MODE=copy; pip -e: without editable_mode=strict); or by ' \
           'hand: cp -aL {0} {0}.copied && mv {0} {0}.links && mv {0}.copied {0}'.format(quoted(nova))


def check_owner(places):
    """A package manager would take its files back with the next upgrade, and stumble over changed ones before that."""
    present = [place for place in places if os.path.exists(place)]
    for manager, command, install, failed, databases in MANAGERS:
        if not any(os.path.exists(path) for path in databases):
            continue
        status, output = run(command + present)
        if status == TOO_LONG or re.search(failed, output):
            raise Refusal('{0} could not be asked whether it owns {1}: {2}'.format(
                manager, os.path.dirname(present[-1]), output.strip()[:500]), 'mend that, then try again')
        owners = set(line.partition(':')[0] for line in output.splitlines() if ': ' in line and status != ABSENT
                     and not line.startswith(('file ', 'error', command[0])))
        if owners:
            owner = sorted(owners)[0]
            raise Refusal('{0} belongs to the package {1} of {2}'.format(os.path.dirname(present[-1]), owner, manager),
                          'sudo {0} {1}-cascading   (instead of this installer)'.format(install, owner))


def check_mounts(places):
    """A file that is mounted by itself, as into containers, cannot be replaced by rename."""
    mounted = set(re.sub(r'\\(\d{3})', lambda match: chr(int(match.group(1), 8)), line.split()[4])
                  for line in files.text_of(files.read('/proc/self/mountinfo')).splitlines())
    for place in sorted(mounted & set(places)):
        raise Refusal('{0} is mounted there by itself, and cannot be replaced'.format(place),
                      'umount {0}; in a container, start that without this mount'.format(quoted(place)))


def check_writable(places):
    for folder in sorted(set(existing(os.path.dirname(place)) for place in places)):
        if os.statvfs(folder).f_flag & READ_ONLY:
            raise Refusal('{0} is on a read-only file system'.format(folder), 'mount -o remount,rw, then try again')
        if not os.access(folder, os.W_OK | os.X_OK):
            raise Refusal('{0} cannot be written by uid {1}'.format(folder, os.geteuid()), _as_who())
    for place in [place for place in places if os.path.exists(place)]:
        found, able = os.stat(place), capabilities()
        if found.st_uid != os.geteuid() and not able >= set([CHOWN, OVERRIDE, OWNER]):
            raise Refusal('{0} belongs to another user (uid {1}): its owner could not be kept'.format(
                place, found.st_uid), _as_root())
        if found.st_gid not in os.getgroups() + [os.getegid()] and CHOWN not in able:
            raise Refusal('{0} belongs to the group {1}, and uid {2} is not in it: it could not be kept'.format(
                place, found.st_gid, os.geteuid()), _as_root())


def _as_who():
    return 'run it with sudo' if os.geteuid() else \
        'let root write there (NFS: no_root_squash), or run it as the owner of the tree, with --state-dir DIR'


def _as_root():
    return 'run it with sudo' if os.geteuid() else 'run it where root has all of its rights (CAP_CHOWN, CAP_FOWNER)'


def capabilities():
    """:returns: numbers of the capabilities that we have; root in a container may lack some."""
    lines = files.text_of(files.read('/proc/self/status')).splitlines()
    bits = [int(line.split()[1], 16) for line in lines if line.startswith('CapEff:')]
    return set(number for number in range(64) if bits and bits[0] >> number & 1)


def check_flags(places):
    """Files that chattr has locked look writable to everything but the writing itself."""
    folders = set(existing(os.path.dirname(place)) for place in places)
    for place in sorted(folders) + [place for place in places if os.path.exists(place)]:
        flags = flags_of(place)
        for bit, name, letter in FLAGS:
            if flags & bit:
                raise Refusal('{0} is {1}'.format(place, name), 'chattr -{0} {1}'.format(letter, quoted(place)))


def flags_of(path):
    """:returns: the attributes that chattr(1) sets, as bits; 0 where a file system has none."""
    number = GET_FLAGS_ELSEWHERE if os.uname()[4].startswith(ELSEWHERE) else GET_FLAGS
    found = array.array('l', [0])
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return 0
    try:
        fcntl.ioctl(handle, number, found, True)
    except EnvironmentError:
        return 0
    finally:
        os.close(handle)
    return found[0]


def check_room(needs):
    """
    :param needs: [(folder, bytes that will be written below it)].
    :raises Refusal: a file system lacks room for the sum of what goes there.
    """
    sums, names = {}, {}
    for folder, size in needs:
        folder = existing(folder)
        device = os.stat(folder).st_dev
        sums[device], names[device] = sums.get(device, SPARE) + size, folder
    for device, size in sums.items():
        found = os.statvfs(names[device])
        free = found.f_bavail * found.f_frsize
        if free < size:
            raise Refusal('the file system of {0} has {1} KiB free, and {2} KiB are needed'.format(
                quoted(names[device]), free // 1024, size // 1024), 'make room there, then try again')


def mount_of(path):
    """:returns: where the file system of a path is mounted, or would be."""
    path = existing(path)
    while os.path.dirname(path) != path and os.stat(path).st_dev == os.stat(os.path.dirname(path)).st_dev:
        path = os.path.dirname(path)
    return path


def existing(folder):
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder
