"""The nova services of this host: which of them run, and how to restart just those (systemd, upstart, sysvinit)."""

from __future__ import print_function

import os
import subprocess
import sys
import time

NAMES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'nova-services')
PREFIXES = ('nova-', 'openstack-nova-')
GATE_CLOSED = 3


def configure(parser):
    """Options of ``nova-cascading services``."""
    parser.add_argument('action', choices=('list-running', 'restart-running'),
                        help='name, or restart, the nova services that run on this host')


def run(args, conf):
    """Name or restart the nova services that run.

    :returns: exit status: 0; 1 when a service does not run after its restart; 3 when none was restarted, because
        the database lacks what the new code needs.
    """
    if args.action == 'list-running':
        for name in running():
            print(name)
        return 0
    return restart_running()


def restart_running():
    """Restart the services that run, nova-conductor first: peers with the new code need a conductor that knows it.

    What an interrupted restart has left stopped is started as well.
    :returns: exit status, as run() says.
    """
    names = ordered(set(running()) | set(pending()))
    if not names:
        print('no nova service runs here, so none was restarted')
        return 0
    if not gate_open():
        sys.stderr.write('not restarted, still with the code they started with: {0}\n'.format(', '.join(names)))
        return GATE_CLOSED
    remember(names)
    for batch in batches(names):
        restart(batch)
    failed = down(names, seconds=0 if has_systemd() else 10)
    remember(failed)
    for name in failed:
        sys.stderr.write('{0} does not run after its restart. Next: {1}\n'.format(name, diagnosis(name)))
    return 1 if failed else 0


def gate_open():
    """The check that systemd makes before each start: with it failing, a restart would only take services down."""
    return call([sys.executable, '-m', 'nova.cascading.__main__', 'db', 'check', '--gate']) == 0


def candidates():
    """Every name that a nova service can have here, in the order of a restart."""
    with open(NAMES) as lines:
        return [prefix + line.strip() for line in lines for prefix in PREFIXES]


def ordered(names):
    return [name for name in candidates() if name in names]


def batches(names):
    """The conductor alone, then all others together."""
    first = [name for name in names if name.endswith('nova-conductor')]
    rest = [name for name in names if name not in first]
    return [batch for batch in (first, rest) if batch]


# --- what runs -------------------------------------------------------------------------------------------------------

def running():
    """Names of the nova services that run, in the order of a restart."""
    if has_systemd():
        return ordered(set(running_units()))
    return [name for name in candidates() if runs(name)]


def has_systemd():
    return os.path.isdir('/run/systemd/system')


def running_units():
    """One that systemd keeps restarting counts as off: it meets the new code at its next try."""
    listed = output(['systemctl', 'list-units', '--no-legend', '--no-pager', '--full', '--type=service', '--all'])
    for line in listed.splitlines():
        words = [word for word in line.split() if word.isalnum() or '.' in word or '-' in word]
        unit, active, sub = words[0], words[2], words[3]
        if active in ('active', 'reloading') or (active == 'activating' and sub != 'auto-restart'):
            yield unit.replace('.service', '')


def runs(name):
    if which('initctl') and os.path.exists('/etc/init/{0}.conf'.format(name)):
        return 'start/' in output(['initctl', 'status', name])
    script = '/etc/init.d/{0}'.format(name)
    return os.access(script, os.X_OK) and call([script, 'status'], quiet=True) == 0


# --- restarting ------------------------------------------------------------------------------------------------------

def restart(names):
    """Restart services; where the system has a policy-rc.d, it decides (Debian Policy 9.3.3)."""
    print('restarting {0}'.format(', '.join(names)))
    sys.stdout.flush()
    for command in restart_commands(names):
        call(command)


def down(names, seconds):
    """Which of the services do not run; an init script may return before its daemon has written its pid file."""
    end = time.time() + seconds
    while True:
        up = running()
        missing = [name for name in names if name not in up]
        if not missing or time.time() >= end:
            return missing
        time.sleep(0.5)


def restart_commands(names):
    if has_systemd():
        tool = 'deb-systemd-invoke' if which('deb-systemd-invoke') else 'systemctl'
        return [[tool, 'restart'] + [name + '.service' for name in names]]
    if which('invoke-rc.d'):
        return [['invoke-rc.d', name, 'restart'] for name in names]
    return [['service', name, 'restart'] for name in names]


def diagnosis(name):
    return 'journalctl -u {0}'.format(name) if has_systemd() else 'read /var/log/nova/'


# --- what a killed package script must not forget --------------------------------------------------------------------

def note():
    """Where the names stand while a restart goes on; a reboot clears it."""
    return os.path.join('/run' if os.path.isdir('/run') else '/var/run', 'nova-cascading.restarting')


def pending():
    if not os.path.exists(note()):
        return []
    with open(note()) as names:
        return names.read().split()


def remember(names):
    if names:
        with open(note(), 'w') as out:
            out.write('\n'.join(names) + '\n')
    elif os.path.exists(note()):
        os.unlink(note())


# --- processes -------------------------------------------------------------------------------------------------------

def which(tool):
    path = os.environ.get('PATH', '') + os.pathsep + '/usr/sbin' + os.pathsep + '/sbin'
    return any(os.access(os.path.join(directory, tool), os.X_OK) for directory in path.split(os.pathsep))


def call(command, quiet=False):
    with open(os.devnull, 'r+') as nothing:
        return subprocess.call(command, stdin=nothing, stdout=nothing if quiet else None,
                               stderr=nothing if quiet else None)


def output(command):
    with open(os.devnull, 'r+') as nothing:
        process = subprocess.Popen(command, stdin=nothing, stdout=subprocess.PIPE, stderr=nothing,
                                   universal_newlines=True)
        return process.communicate()[0]
