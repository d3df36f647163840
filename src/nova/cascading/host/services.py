"""The nova services of this host: which of them run, and how to restart just those (systemd, upstart, sysvinit)."""

from __future__ import print_function

import os
import sys
import time

from nova.cascading import errors, failure, faults, safefile
from nova.cascading.host import blame
from nova.cascading.host.tools import ask, call, output, which
from nova.cascading.output import printer

NAMES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'nova-services')
PREFIXES = ('nova-', 'openstack-nova-')
COLUMNS = ('service',)
GATE_CLOSED = 3
LOCK_SECONDS = 600  # of a run that restarts services which take their time
FAILED_OTHERWISE = 4
ELSEWHERE = ('; services in containers, or under a supervisor, are not seen. Next: restart those, or replace the '
             'containers, nova-conductor first')
FORBIDDEN = 101  # invoke-rc.d(8)
UP = ('active', 'reloading')  # systemd's states of what has started
GATE_SECONDS = 60  # of one that adds the column before it lets a service start


def configure(parser):
    """Options of ``nova-cascading services``."""
    parser.add_argument('action', choices=('list-running', 'restart-running'),
                        help='name, or restart, the nova services that run on this host')
    parser.add_argument('-f', '--format', choices=('csv', 'json', 'value'), default='value',
                        help='how to name them (one a line)')


def run(args, conf):
    """Name or restart the nova services that run.

    :returns: exit status: 0; when a service does not run after its restart 1, if the fork is the cause, else 4; 3 when
        none was restarted, because the database lacks what the new code needs.
    :raises errors.Unreachable: (2) nobody can tell which services run.
    """
    if args.action == 'list-running':
        rows = printer(args.format, COLUMNS)
        rows.add_page([(name,) for name in running()])
        rows.close()
        return 0
    with alone():
        return restart_running()


def restart_running():
    """Restart the services that run, nova-conductor first: peers with the new code need a conductor that knows it.

    What a killed restart has left stopped is started as well, and what the gate has kept from starting so far.
    :returns: exit status, as run() says.
    """
    left_stopped = interrupted() + (held_back() if has_systemd() else [])
    names = ordered(running() + left_stopped)
    if not names:
        print('no nova service runs here, so none was restarted' + ('' if is_managed() else ELSEWHERE))
        return 0
    if not gate_open():
        return tell_closed(names)
    failed, since = [], int(time.time())
    for group in steps(names):
        remember(ordered(left_stopped + group))
        failed += restart(group)
    missing = down(names, seconds=0 if has_systemd() else 10)
    remember(ordered(missing + failed))
    statuses = [tell_failed(name, since) for name in missing] + [FAILED_OTHERWISE if failed else 0]
    return 1 if 1 in statuses else max(statuses)


def tell_closed(names):
    """Say what runs on and what waits: the scripts of companion packages have restarted theirs into the gate."""
    waiting = [name for name in names if has_systemd() and is_refused(name)]
    runs_on = [name for name in names if name not in waiting]
    for what, some in (('not restarted, still with the code they started with', runs_on),
                       ('not running, as they wait for the database', waiting)):
        if some:
            sys.stderr.write('{0}: {1}\n'.format(what, ', '.join(some)))
    return GATE_CLOSED


def tell_failed(name, since):
    """Say why a service does not run after its restart; returns the exit status that this means."""
    ours = has_systemd() and is_refused(name) or blame.is_ours(name, since, journal(name, since))
    sys.stderr.write('{0} does not run after its restart{1}. Next: {2}\n'.format(
        name, '' if ours else ', for a reason that is not nova-cascading\'s', diagnosis(name)))
    return 1 if ours else FAILED_OTHERWISE


def gate_open():
    """The check that systemd makes before each start: with it failing, a restart would only take services down."""
    try:  # imported here: naming services, and the way back, work without SQLAlchemy and oslo.config
        from nova.cascading import config
        from nova.cascading.migration import gate, report
        return gate.is_open(config.read(), report.Report())
    except Exception as error:
        failure.tell(error)
        return True  # what nobody can tell keeps no service from starting


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


def steps(names):
    """What one command restarts: a batch with systemd, else one service."""
    return batches(names) if has_systemd() else [[name] for batch in batches(names) for name in batch]


# --- what runs -------------------------------------------------------------------------------------------------------

def running():
    """Names of the nova services that run, in the order of a restart."""
    if has_systemd():
        return ordered(set(running_units()))
    return [name for name in candidates() if runs(name)]


def started():
    """Those that are up after a restart, which waits for each: one that is starting then failed, and tries again."""
    return [unit for unit, active, _ in units() if active in UP] if has_systemd() else running()


def is_managed():
    """Whether an init system of this host could run nova; not so in a container, or under a supervisor."""
    return has_systemd() or any(os.path.exists(form.format(name)) for name in candidates()
                                for form in ('/etc/init.d/{0}', '/etc/init/{0}.conf'))


def has_systemd():
    return os.path.isdir('/run/systemd/system')


def running_units():
    """One that systemd keeps restarting counts as off: it meets the new code at its next try."""
    return [unit for unit, active, sub in units()
            if active in UP or (active == 'activating' and sub != 'auto-restart')]


def units():
    """(name, active state, sub-state) of every service that systemd has loaded."""
    for line in listed_units().splitlines():
        words = [word for word in line.split() if word.isalnum() or '.' in word or '-' in word]
        yield words[0].replace('.service', ''), words[2], words[3]


def listed_units(tries=5):
    """What systemctl lists; it fails for moments while systemd itself is upgraded, and then nobody knows what runs."""
    for number in range(tries):
        time.sleep(1 if number else 0)
        try:
            status, text = ask(['systemctl', 'list-units', '--no-legend', '--no-pager', '--full', '--type=service',
                                '--all'])
        except errors.CascadingError:
            break
        if status == 0:
            return text
    raise errors.Unreachable('systemctl list-units fails, so nobody knows which nova services run: none was restarted, '
                             'and they keep the code they started with',
                             'Next, when systemctl works: nova-cascading services restart-running')


def runs(name):
    if which('initctl') and os.path.exists('/etc/init/{0}.conf'.format(name)):
        return 'start/' in output(['initctl', 'status', name])
    script = '/etc/init.d/{0}'.format(name)
    if not os.access(script, os.X_OK) or call([script, 'status'], quiet=True) != 0:
        return False
    return process_lives('/var/run/nova/{0}.pid'.format(name)) if is_debians(script) else True


def is_debians(script):
    """Debian's scripts look for any process of the daemon's name, and all WSGI services of nova are the same daemon."""
    with open(script, 'rb') as text:
        return b'openstack-pkg-tools' in text.read()


def process_lives(pid_file):
    try:
        os.kill(int(safefile.end_of(pid_file)), 0)
    except (EnvironmentError, ValueError):
        return False
    return True


# --- restarting ------------------------------------------------------------------------------------------------------

def restart(names):
    """Restart services; where the system has a policy-rc.d, it decides (Debian Policy 9.3.3).

    :returns: the names of those whose init script or job failed
    """
    print('restarting {0}'.format(', '.join(names)))
    sys.stdout.flush()
    faults.point('before-restart:' + names[0])
    if has_systemd():  # or else it refuses to start what has failed several times within seconds
        call(['systemctl', 'reset-failed'] + [name + '.service' for name in names], quiet=True)
    failed = []
    for command in restart_commands(names, '--disclose-deny'):
        status = call(command)
        if status == FORBIDDEN:
            sys.stderr.write('{0} was not restarted: policy-rc.d or the runlevel forbids it. Next, for the new code: '
                             'service {0} restart\n'.format(command[-2]))
        elif status and not has_systemd():  # systemd is asked what runs
            sys.stderr.write('{0} may still run the old code. Next: service {0} restart\n'.format(command[-2]))
            failed.append(command[-2])
    faults.point('after-restart:' + names[0])
    return failed


def down(names, seconds):
    """Which of the services do not run; an init script may return before its daemon has written its pid file."""
    end = time.time() + seconds
    while True:
        up = started()
        missing = [name for name in names if name not in up]
        if not missing or time.time() >= end:
            return missing
        time.sleep(0.5)


def restart_commands(names, *options):
    """One command with systemd, else one for each service; the options are for invoke-rc.d."""
    if has_systemd():
        tool = 'deb-systemd-invoke' if which('deb-systemd-invoke') else 'systemctl'
        return [[tool, 'restart'] + [name + '.service' for name in names]]
    if which('invoke-rc.d'):
        return [['invoke-rc.d'] + list(options) + [name, 'restart'] for name in names]
    return [['service', name, 'restart'] for name in names]


def restart_lines():
    """The shell lines that restart what runs; the conductor first."""
    try:
        names = running()
    except errors.Unreachable:  # nobody knows which: systemd will, when it answers
        return ["systemctl try-restart 'nova-*.service'"]
    return [' '.join(words) for batch in batches(names) for words in restart_commands(batch)]


def journal(name, since):
    return output(['journalctl', '--no-pager', '-o', 'cat', '-n', '500', '-u', name + '.service',
                   '--since', '@{0}'.format(since)]) if has_systemd() else ''


def diagnosis(name):
    return 'journalctl -u {0}'.format(name) if has_systemd() else 'read /var/log/nova/'


# --- what a killed package script must not forget --------------------------------------------------------------------

def note():
    """Where the names stand of what is being restarted, or was in vain; a reboot clears it."""
    return os.path.join('/run' if os.path.isdir('/run') else '/var/run', 'nova-cascading.restarting')


def interrupted():
    """The noted names, but for those that somebody has stopped since.

    An init script that was killed between stop and start cannot be told from one that was asked to stop.
    """
    return [name for name in safefile.read(note()).split() if not (has_systemd() and is_stopped(name))]


def held_back():
    """The services that somebody, or the boot, has started while the database lacked the column."""
    failed = set(unit for unit, active, _ in units() if active == 'failed')
    return [name for name in ordered(failed) if is_refused(name)]


def is_refused(unit):
    """Whether its last start failed in the gate, before its main process; daemon-reload forgets the gate's status.

    One that runs may have started without a gate, and then systemd notes its process before it notes the attempt.
    """
    main, attempt = 'ExecMainStartTimestampMonotonic', 'InactiveExitTimestampMonotonic'
    end = time.time() + GATE_SECONDS
    shown = properties(unit, 'ActiveState', 'SubState', main, attempt)
    while shown.get('SubState') == 'start-pre' and time.time() < end:  # a next try, whose gate has not answered yet
        time.sleep(0.5)
        shown = properties(unit, 'ActiveState', 'SubState', main, attempt)
    return shown.get('ActiveState') not in UP and int(shown.get(main) or 0) < int(shown.get(attempt) or 0)


def is_stopped(unit):
    """Whether systemd has stopped it as it was asked to: it did not fail, and is not to be started."""
    shown = properties(unit, 'ActiveState', 'Job')
    return shown.get('ActiveState') == 'inactive' and shown.get('Job', '') in ('', '0')


def properties(unit, *names):
    shown = output(['systemctl', 'show', '-p', ','.join(names), unit + '.service']).splitlines()
    return dict(line.split('=', 1) for line in shown if '=' in line)


def alone():
    """A block that one process at a time is in: a package script whose dpkg was killed may still be at work."""
    return safefile.lock(os.path.join(os.path.dirname(note()), 'nova-cascading.lock'), LOCK_SECONDS, tell)


def remember(names):
    if names:
        safefile.write(note(), '\n'.join(names) + '\n')
    elif os.path.lexists(note()):
        os.unlink(note())


def tell(line):
    print(line)
    sys.stdout.flush()
