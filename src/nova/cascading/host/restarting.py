"""How nova services are restarted, by the init system of this host (systemd, upstart, sysvinit)."""

from __future__ import print_function

import sys
import time

from nova.cascading import errors, faults
from nova.cascading.host import running
from nova.cascading.host.tools import call, which

FORBIDDEN = 101  # invoke-rc.d(8)
PATIENCE = 10  # seconds until a daemon has written its pid file, after its init script has returned
LOOK = 5  # seconds in which a Python program that cannot start has ended


def restart(name):
    """Restart a service; where the system has a policy-rc.d, it decides (Debian Policy 9.3.3).

    :returns: whether its init script or job has not failed; of a unit, systemd is asked later whether it runs
    """
    print('restarting {0}'.format(name))
    sys.stdout.flush()
    faults.point('before-restart:' + name)
    if running.has_systemd():  # or else it refuses to start what has failed several times within seconds
        call(['systemctl', 'reset-failed', name + '.service'], quiet=True)
    status = call(command(name, '--disclose-deny'))
    faults.point('after-restart:' + name)
    if running.has_systemd() or status == 0:
        return True
    if status == FORBIDDEN:
        sys.stderr.write('{0} was not restarted: policy-rc.d or the runlevel forbids it. Next, for the new code: '
                         'service {0} restart\n'.format(name))
        return True
    sys.stderr.write('{0} may still run the old code. Next: service {0} restart\n'.format(name))
    return False


# It fails where systemd still does not answer, and not where nothing of nova runs.
ONE_BY_ONE = "units=$(systemctl list-units --plain --no-legend 'nova-*.service') && " \
             "echo \"$units\" | cut -d' ' -f1 | xargs -rn1 systemctl try-restart"


def down(names):
    """Which of the services do not run after their restart."""
    return ended(names) if running.has_systemd() else late(names)


def ended(names):
    """systemd waits for those that tell it when they are up; all others are looked at once more after some seconds.

    Meanwhile it may have started them anew, so that they run at both times.
    """
    began = dict((name, running.main_start(name)) for name in names if running.is_silent(name))
    time.sleep(LOOK if began else 0)
    up = running.started()
    return [name for name in names if name not in up or name in began and running.main_start(name) != began[name]]


def late(names):
    end = time.time() + PATIENCE
    while True:
        up = running.started()
        missing = [name for name in names if name not in up]
        if not missing or time.time() >= end:
            return missing
        time.sleep(0.5)


def command(name, *options):
    """What restarts a service, and it alone; the options are for invoke-rc.d.

    At once, one that ends takes /run/nova from under another one that starts: Debian's units share it.
    """
    if running.has_systemd():
        return ['deb-systemd-invoke' if which('deb-systemd-invoke') else 'systemctl', 'restart', name + '.service']
    if which('invoke-rc.d'):
        return ['invoke-rc.d'] + list(options) + [name, 'restart']
    return ['service', name, 'restart']


def lines():
    """The shell lines that restart what runs; the conductor first."""
    try:
        names = running.names()
    except errors.Unreachable:  # nobody knows which: systemd will, when it answers
        if not running.has_systemd():
            raise
        return [ONE_BY_ONE]
    return [' '.join(command(name)) for name in names]


def diagnosis(name):
    return 'journalctl -u {0}'.format(name) if running.has_systemd() else 'read /var/log/nova/'
