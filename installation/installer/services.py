"""Restarts the nova services that run from a tree, and no others.

A service is found by its process, not by its name: devstack's and home-made units are called as their makers liked.
"""

import os

from installer import files, findnova
from installer.say import say


class Service(object):
    """
    :ivar name: for people, e.g. ``nova-conductor``.
    :ivar restart: the command that restarts it, or None when it is not known who started it.
    """

    def __init__(self, pid, name, restart):
        self.pid, self.name, self.restart = pid, name, restart


def running(parent):
    """:returns: the services whose processes run the nova of that directory, each once."""
    found = {}
    for pid, words in findnova.processes():
        name = findnova.service_of(words)
        if name and _uses(words[0], parent) and _service_above(pid) != name:
            service = Service(pid, name, _restart_of(pid, name))
            found.setdefault(tuple(service.restart or [pid]), service)
    # Peers with the new code need a conductor that knows it.
    return sorted(found.values(), key=lambda service: (service.name != 'nova-conductor', service.pid))


def _uses(interpreter, parent):
    if os.path.basename(interpreter).startswith('uwsgi'):
        return True
    return findnova.parent_of(interpreter) == parent


def _service_above(pid):
    """:returns: which nova service the process's parent is: a worker is restarted with its master."""
    try:
        status = files.text_of(files.read('/proc/{0}/stat'.format(pid)))
        above = status.rpartition(')')[2].split()[1]
        words = files.text_of(files.read('/proc/{0}/cmdline'.format(above))).split('\0')
    except EnvironmentError:
        return None
    return findnova.service_of(words)


def _restart_of(pid, name):
    unit = unit_of(pid)
    if unit:
        return ['systemctl', 'restart', unit]
    if os.path.exists('/etc/init/{0}.conf'.format(name)) or os.path.exists('/etc/init.d/{0}'.format(name)):
        return ['service', name, 'restart']
    return None


def unit_of(pid):
    """:returns: the systemd system unit that a process belongs to, or None."""
    try:
        lines = files.text_of(files.read('/proc/{0}/cgroup'.format(pid))).splitlines()
    except EnvironmentError:
        return None
    for line in lines:
        unit = os.path.basename(line.partition(':')[2].partition(':')[2])
        if unit.endswith('.service') and not unit.startswith('user@'):
            return unit
    return None


def restart(parent):
    """Restart what runs from that tree.

    :returns: whether every restart worked; what nobody here can restart is named, and does not count as a failure.
    """
    worked = True
    for service in running(parent):
        if service.restart is None:
            say('restart it yourself, it still runs the code of before: {0} (process {1})'.format(
                service.name, service.pid))
            continue
        status, output = files.run(service.restart)
        say('restarted {0}: {1}'.format(service.name, ' '.join(service.restart)) if not status else
            'NOT restarted: {0}: {1}'.format(' '.join(service.restart), output.strip()))
        worked = worked and not status
    return worked
