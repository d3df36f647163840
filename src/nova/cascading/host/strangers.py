"""The systemd units that run nova's code under names that are not those of nova's services, as the kernel knows them.

nova-conductor@2, nova's API in Apache or uwsgi: what they are called, and what they say of themselves, proves nothing.
"""

import os
import pwd
import re

from nova.cascading.host import restarting, running
from nova.cascading.host.tools import quote

PROC = '/proc'


def units():
    """Names of the units that are up, and in which the user nova runs Python in the program of their main process.

    A job of cron's is another program than cron, and one of a timer's is not up; both end by themselves.
    """
    found = {}
    for process in filter(has_python, processes()):
        found.setdefault(unit_of(process), set()).add(program(process))
    up = set(running.started()) - set(running.candidates()) if found else set()
    return sorted(unit for unit in up.intersection(found) if program(running.main_process(unit)) in found[unit])


def processes():
    """Numbers of the processes of the user nova."""
    try:
        user = pwd.getpwnam('nova').pw_uid
    except KeyError:
        return []
    return [number for number in os.listdir(PROC) if number.isdigit()
            and re.search(r'(?m)^Uid:\s+{0}\s'.format(user), said(number, 'status'))]


def unit_of(process):
    """The system's unit that a process belongs to, which may have groups of its own below it; or None."""
    folders = [word for line in said(process, 'cgroup').splitlines() for word in line.split('/')]
    return ([name[:-len('.service')] for name in folders if name.endswith('.service')] or [None])[0]


def has_python(process):
    return 'python' in os.path.basename(program(process)) or 'libpython' in said(process, 'maps')


def program(process):
    try:
        return os.readlink('{0}/{1}/exe'.format(PROC, process))
    except OSError:
        return ''


def said(process, name):
    """What the kernel says of a process; '' of one that has ended."""
    try:
        with open('{0}/{1}/{2}'.format(PROC, process, name), 'rb') as text:
            return text.read().decode('utf-8', 'replace')
    except EnvironmentError:
        return ''


def restarts():
    """The shell lines that restart what runs nova, units such as nova-compute@cell1 too; the conductors first.

    For the way back: nobody tells of such units when the fork is gone.
    """
    lines = restarting.lines()
    if lines == [restarting.ONE_BY_ONE] or not running.has_systemd():  # it restarts whatever is called nova-*
        return lines
    others = [unit for unit in units() if unit.startswith(running.PREFIXES)]
    return lines + ['systemctl restart ' + quote(unit + '.service')
                    for unit in sorted(others, key=lambda unit: 'conductor' not in unit)]
