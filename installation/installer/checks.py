"""What is refused before anything changes: packaged trees, symbolic links, no room, no right to write."""

import os

from installer import files
from installer.say import Refusal, quoted

READ_ONLY = 1  # ST_RDONLY of statvfs(3)
ABSENT = 127  # exit status when there is no such command
SPARE = 1 << 20  # bytes left free for the journal's own small files and folders


def check_tree(nova, paths):
    """
    :param paths: of the tree's files that will change, relative to the parent of nova/ or absolute.
    :raises Refusal: with the first reason found.
    """
    places = [os.path.join(nova.parent, path) for path in paths]
    check_links(nova.parent, places)
    check_owner(places + [os.path.join(nova.parent, 'nova', '__init__.py')])
    check_writable(places)


def check_links(parent, places):
    for place in places:
        while len(place) > len(parent):
            if os.path.islink(place):
                raise Refusal('{0} is a symbolic link to {1}: what else uses that file cannot be known'.format(
                    place, os.path.realpath(place)), 'replace it by a copy (cp -a), or install where it points to')
            place = os.path.dirname(place)


def check_owner(places):
    """A package manager would take its files back with the next upgrade, and stumble over changed ones before that."""
    present = [place for place in places if os.path.exists(place)]
    for manager, command, install in (
            ('dpkg', ['dpkg-query', '-S'], 'apt-get install'),
            ('rpm', ['rpm', '-qf', '--qf', '%{NAME}: \\n'], 'dnf install')):
        status, output = files.run(command + present)
        owners = set(line.partition(':')[0] for line in output.splitlines() if ': ' in line and status != ABSENT
                     and not line.startswith(('file ', 'error', command[0])))
        if owners:
            owner = sorted(owners)[0]
            raise Refusal('{0} belongs to the package {1} of {2}'.format(os.path.dirname(present[-1]), owner, manager),
                          'sudo {0} {1}-cascading   (instead of this installer)'.format(install, owner))


def check_writable(places):
    for folder in sorted(set(_existing(os.path.dirname(place)) for place in places)):
        if os.statvfs(folder).f_flag & READ_ONLY:
            raise Refusal('{0} is on a read-only file system'.format(folder), 'mount -o remount,rw, then try again')
        if not os.access(folder, os.W_OK):
            raise Refusal('{0} cannot be written by uid {1}'.format(folder, os.geteuid()), 'run it with sudo')
    for place in places:
        if os.path.exists(place) and os.geteuid() not in (0, os.stat(place).st_uid):
            raise Refusal('{0} belongs to another user (uid {1}): its owner could not be kept'.format(
                place, os.stat(place).st_uid), 'run it with sudo')


def check_room(needs):
    """
    :param needs: [(folder, bytes that will be written below it)].
    :raises Refusal: a file system lacks room for the sum of what goes there.
    """
    sums, names = {}, {}
    for folder, size in needs:
        folder = _existing(folder)
        device = os.stat(folder).st_dev
        sums[device], names[device] = sums.get(device, SPARE) + size, folder
    for device, size in sums.items():
        found = os.statvfs(names[device])
        free = found.f_bavail * found.f_frsize
        if free < size:
            raise Refusal('the file system of {0} has {1} KiB free, and {2} KiB are needed'.format(
                quoted(names[device]), free // 1024, size // 1024), 'make room there, then try again')


def _existing(folder):
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder
