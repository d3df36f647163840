"""Which nova services of this host run, as its init system has it (systemd, upstart, sysvinit)."""

import os
import time

from nova.cascading import errors, safefile
from nova.cascading.host import blame
from nova.cascading.host.tools import ask, call, output, which

NAMES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'nova-services')
PREFIXES = ('nova-', 'openstack-nova-')
UP = ('active', 'reloading')  # systemd's states of what has started
MAIN = 'ExecMainStartTimestampMonotonic'
SILENT = ('simple', 'exec', 'idle')  # kinds of services that do not tell systemd when they are up


def candidates():
    """Every name that a nova service can have here, in the order of a restart."""
    with open(NAMES) as lines:
        return [prefix + line.strip() for line in lines for prefix in PREFIXES]


def ordered(names):
    return [name for name in candidates() if name in names]


def names():
    """Names of the nova services that run, in the order of a restart."""
    if has_systemd():
        return ordered(set(running_units()))
    return [name for name in candidates() if runs(name)]


def started():
    """Those that are up after a restart, which waits for each: one that is starting then failed, and tries again."""
    return [unit for unit, active, _ in units() if active in UP] if has_systemd() else names()


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


def held_back():
    """The services that somebody, or the boot, has started while the database lacked the column."""
    failed = set(unit for unit, active, _ in units() if active == 'failed')
    return [name for name in ordered(failed)
            if fails_before_main(name) and may_be_refused(name)]


def fails_before_main(unit):
    """Whether its last start failed in the gate, or in an ExecStartPre of somebody's; daemon-reload forgets which.

    One that runs may have started without a gate, and then systemd notes its process before it notes the attempt.
    """
    attempt = 'InactiveExitTimestampMonotonic'
    shown = properties(unit, 'ActiveState', MAIN, attempt)
    return shown.get('ActiveState') not in UP and int(shown.get(MAIN) or 0) < int(shown.get(attempt) or 0)


def may_be_refused(unit):
    """Whether the gate has refused its last start, for all that the journal tells: silence there proves nothing."""
    said, to = journal(unit, last_start(unit)), properties(unit, 'StandardOutput').get('StandardOutput', '')
    return not said or blame.is_refusal(said) or not ('journal' in to or 'syslog' in to)


def main_start(unit):
    """When its main process was started last, as systemd counts; '' where nobody knows."""
    return properties(unit, MAIN).get(MAIN, '') if has_systemd() else ''


def main_process(unit):
    return properties(unit, 'MainPID').get('MainPID', '')


def last_start(unit):
    """main_start() in words that journalctl takes for a time."""
    words = properties(unit, 'ExecMainStartTimestamp').get('ExecMainStartTimestamp', '').split()
    return ' '.join(words[1:3])  # between the day of the week and the time zone


def is_silent(unit):
    return properties(unit, 'Type').get('Type') in SILENT


def is_stopped(unit):
    """Whether systemd has stopped it as it was asked to: it did not fail, and is not to be started."""
    shown = properties(unit, 'ActiveState', 'Job')
    return shown.get('ActiveState') == 'inactive' and shown.get('Job', '') in ('', '0')


def journal(unit, since):
    """What a service and its gate have said in this boot; '' where there is no systemd, or its journal has nothing.

    :param since: as journalctl takes a time; '' for all
    """
    if not has_systemd():
        return ''
    try:
        call(['journalctl', '--sync'], quiet=True)  # before systemd 228 there is none
        return output(['journalctl', '-q', '--no-pager', '-o', 'cat', '-n', '500', '-b', '-u', unit + '.service']
                      + (['--since', since] if since else []))
    except errors.CascadingError:  # a journal that does not answer is no reason to leave services down
        return ''


def properties(unit, *names):
    shown = output(['systemctl', 'show', '-p', ','.join(names), unit + '.service']).splitlines()
    return dict(line.split('=', 1) for line in shown if '=' in line)
