"""The notes of what is to be done yet: services to be started, which a killed package script has left stopped, and a
migration to be made up for."""

from __future__ import print_function

import os
import sys

from nova.cascading import safefile
from nova.cascading.host import running

# Made by the package's scripts; nova-cascading-catch-up.service is started at boot while it is there.
MIGRATION = '/var/lib/nova-cascading/catch-up'
LOCK_SECONDS = 600  # of a run that restarts services which take their time


def path():
    """Where the names stand of what is being restarted, or was in vain; a reboot clears it."""
    return os.path.join('/run' if os.path.isdir('/run') else '/var/run', 'nova-cascading.restarting')


def interrupted():
    """The noted names, but for those that somebody has stopped since.

    An init script that was killed between stop and start cannot be told from one that was asked to stop.
    """
    return [name for name in safefile.read(path()).split() if not (running.has_systemd() and running.is_stopped(name))]


def alone():
    """A block that one process at a time is in: a package script whose dpkg was killed may still be at work."""
    return safefile.lock(os.path.join(os.path.dirname(path()), 'nova-cascading.lock'), LOCK_SECONDS, tell)


def remember(names):
    if names:
        safefile.write(path(), '\n'.join(names) + '\n')
    elif os.path.lexists(path()):
        os.unlink(path())


def is_migration_due():
    return os.path.lexists(MIGRATION)


def forget_migration():
    if is_migration_due():
        os.unlink(MIGRATION)


def tell(line):
    print(line)
    sys.stdout.flush()
