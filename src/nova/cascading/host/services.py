"""nova-cascading services: name the nova services of this host that run, or restart just those."""

from __future__ import print_function

import sys
import time

from nova.cascading import errors, failure
from nova.cascading.host import blame, note, restarting, running, strangers
from nova.cascading.output import printer

COLUMNS = ('service',)
GATE_CLOSED = 3
FAILED_OTHERWISE = 4
ELSEWHERE = ('; services in containers, or under a supervisor, are not seen. Next: restart those, or replace the '
             'containers, nova-conductor first')


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
        rows.add_page([(name,) for name in running.names()])
        rows.close()
        return 0
    with note.alone():
        return restart_running()


def restart_running():
    """Restart the services that run, nova-conductor first: peers with the new code need a conductor that knows it.

    What a killed restart has left stopped is started as well, and what the gate has kept from starting so far.
    :returns: exit status, as run() says.
    """
    left_stopped = note.interrupted() + (running.held_back() if running.has_systemd() else [])
    names = running.ordered(running.names() + left_stopped)
    others = of_other_names() if running.has_systemd() else []
    is_open, is_settled = ask_gate() if names or others or note.is_migration_due() else (True, False)
    if (names or others) and not is_open:
        return tell_closed(names + others)
    status = _restart(names, left_stopped) if names or others else tell_none()
    tell_others(others)
    if is_settled:
        note.forget_migration()
    return status


def _restart(names, left_stopped):
    """Restart services, and say of each what became of it; returns the exit status that this means."""
    since, before = '@{0}'.format(int(time.time())), dict((name, running.main_start(name)) for name in names)
    logs = dict((name, blame.lengths(name)) for name in names)
    failed = []
    for name in names:
        note.remember(running.ordered(left_stopped + [name]))
        failed += [] if restarting.restart(name) else [name]
    missing = restarting.down(names)
    note.remember(running.ordered(missing + failed))
    same = [name for name in names if before[name] and running.main_start(name) == before[name]]
    tell_forbidden([name for name in same if name not in missing])
    statuses = [FAILED_OTHERWISE if failed else 0]
    for name in missing:
        statuses.append(tell_failed(name, running.journal(name, since), logs[name], name in same))
    return 1 if 1 in statuses else max(statuses)


def tell_none():
    print('no nova service runs here, so none was restarted' + ('' if running.is_managed() else ELSEWHERE))
    return 0


def tell_closed(names):
    """Say what runs on and what waits: the scripts of companion packages have restarted theirs into the gate."""
    waiting = [name for name in names if running.has_systemd() and running.fails_before_main(name)]
    runs_on = [name for name in names if name not in waiting]
    for what, some in (('not restarted, still with the code they started with', runs_on),
                       ('not running, as they wait for the database', waiting)):
        if some:
            sys.stderr.write('{0}: {1}\n'.format(what, ', '.join(some)))
    return GATE_CLOSED


def tell_forbidden(names):
    """Say which services systemd was kept from restarting: by policy-rc.d, a mask, RefuseManualStop."""
    for name in names:
        sys.stderr.write('{0} was not restarted, and runs the code that it started with. Next: see why, then restart '
                         'it: systemctl status {0}\n'.format(name))


def tell_others(units):
    for unit in units:
        sys.stderr.write("{0} runs nova's code under a name that is not nova's, and was not restarted. Next: systemctl "
                         'restart {0}\n'.format(unit))


def tell_failed(name, journal, logs, is_same):
    """Say why a service does not run after its restart; returns the exit status that this means.

    :param journal: what systemd's has of it since
    :param logs: how long its log files were before
    :param is_same: whether its main process has not been started since: then it may not have come past the gate. Its
        state alone does not tell, between two tries of systemd's.
    """
    ours = is_same and blame.is_refusal(journal) or blame.is_ours(name, logs, journal)
    sys.stderr.write('{0} does not run after its restart{1}. Next: {2}\n'.format(
        name, '' if ours else ', for a reason that is not nova-cascading\'s', restarting.diagnosis(name)))
    return 1 if ours else FAILED_OTHERWISE


def of_other_names():
    """They are only told of, so one that nobody can tell keeps no service from its restart."""
    try:
        return strangers.units()
    except errors.CascadingError as error:
        failure.tell(error)
        return []


def ask_gate():
    """The check that systemd makes before each start: with it failing, a restart would only take services down.

    :returns: as gate.look()
    """
    try:  # imported here: naming services, and the way back, work without SQLAlchemy and oslo.config
        from nova.cascading import config
        from nova.cascading.migration import gate, report
        return gate.look(config.read(), report.Report())
    except Exception as error:
        failure.tell(error)
        return True, False  # what nobody can tell keeps no service from starting
