"""Which nova services count as running, and in what order they are restarted; the init systems' answers are given."""

import pytest

UNITS = """\
  nova-agent.service                         loaded active     running      somebody else's
  nova-api.service                           loaded active     running      OpenStack Nova API (nova-api)
● nova-compute.service                       loaded failed     failed       OpenStack Nova Compute
  nova-conductor.service                     loaded active     running      OpenStack Nova Conductor
● nova-novncproxy.service                    not-found inactive dead        nova-novncproxy.service
  nova-scheduler.service                     loaded activating start        OpenStack Nova Scheduler
  nova-serialproxy.service                   loaded activating auto-restart keeps failing
"""
MISSING = "No module named 'nova.cascading'\n"
CLOSED = 'nova of 127.0.0.1: lacks the column instances.mapping_uuid; run: nova-cascading db sync\n'


@pytest.fixture
def services(load, monkeypatch, tmp_path):
    module = load('host.services')
    monkeypatch.setattr(module.note, 'path', lambda: str(tmp_path / 'note'))
    monkeypatch.setattr(module.note, 'MIGRATION', str(tmp_path / 'catch-up'))
    monkeypatch.setattr(module.running, 'has_systemd', lambda: True)
    monkeypatch.setattr(module.running, 'output', lambda command: UNITS if 'list-units' in command else '')
    monkeypatch.setattr(module.running, 'ask', lambda command: (0, module.running.output(command)))
    monkeypatch.setattr(module.running, 'call', lambda command, **options: 0)
    monkeypatch.setattr(module.restarting, 'LOOK', 0)
    monkeypatch.setattr(module.strangers, 'units', list)
    monkeypatch.setattr(module, 'ask_gate', lambda: (True, True))
    monkeypatch.setattr(module.blame, 'LOGS', (str(tmp_path / '{0}.log'),))
    return module


def test_the_conductor_comes_first_and_what_is_off_stays_off(services, monkeypatch):
    restarted = []
    monkeypatch.setattr(services.restarting, 'restart', lambda name: restarted.append(name) or True)
    monkeypatch.setattr(services.running, 'started', lambda: restarted)
    assert services.restart_running() == 0
    assert restarted == ['nova-conductor', 'nova-scheduler', 'nova-api']


def test_what_is_starting_again_after_its_restart_has_failed(services):
    """Restart=on-failure: seen between two tries, when the restart itself was over."""
    assert services.restarting.down(['nova-conductor', 'nova-scheduler', 'nova-api']) == ['nova-scheduler']


@pytest.fixture
def starts(services, monkeypatch):
    """starts(time): systemd starts the main process of nova-conductor, the only service that runs; first at 700.

    Its gate is closed until then.
    """
    now = ['700']

    def answer(command):
        if command[0] == 'journalctl':
            return CLOSED
        return (f'ActiveState=activating\nExecMainStartTimestampMonotonic={now[0]}\n'
                'InactiveExitTimestampMonotonic=900\n')

    monkeypatch.setattr(services.running, 'names', lambda: ['nova-conductor'])
    monkeypatch.setattr(services.running, 'held_back', lambda: [])
    monkeypatch.setattr(services.running, 'output', answer)
    return lambda value: now.__setitem__(0, value)


@pytest.mark.parametrize(('after', 'expected'), [('700', 1), ('800', 4)])
def test_what_has_come_past_its_gate_once_is_not_refused_by_it_between_two_tries(services, starts, monkeypatch, after,
                                                                                 expected):
    """Seen in a release upgrade, placement being down: systemd notes an attempt also when it waits for the next."""
    monkeypatch.setattr(services.restarting, 'restart', lambda name: starts(after) or True)
    monkeypatch.setattr(services.running, 'started', lambda: [])
    assert services.restart_running() == expected


@pytest.mark.parametrize(('after', 'said'), [('700', 'nova-conductor was not restarted, and runs the code that it '), (
    '800', '')])
def test_a_service_that_systemd_was_kept_from_restarting_is_named(services, starts, monkeypatch, capsys, after, said):
    """A masked one, say."""
    monkeypatch.setattr(services.restarting, 'restart', lambda name: starts(after) or True)
    monkeypatch.setattr(services.running, 'started', lambda: ['nova-conductor'])
    assert services.restart_running() == 0
    told = capsys.readouterr().err
    assert told.startswith(said) and bool(told) == bool(said)


@pytest.mark.parametrize('runs', [['nova-conductor'], []])
@pytest.mark.parametrize(('answer', 'is_forgotten'), [((True, True), True), ((True, False), False),
                                                      ((False, False), False)])
def test_a_migration_to_be_made_up_for_is_forgotten_when_nothing_is_left_of_it(services, monkeypatch, tmp_path, runs,
                                                                              answer, is_forgotten):
    """Not while a database cannot be asked: the next boot looks after it then."""
    due = tmp_path / 'catch-up'
    due.touch()
    monkeypatch.setattr(services, 'ask_gate', lambda: answer)
    monkeypatch.setattr(services.running, 'names', lambda: runs)
    monkeypatch.setattr(services.running, 'started', lambda: runs)
    monkeypatch.setattr(services.restarting, 'restart', lambda name: True)
    services.restart_running()
    assert due.exists() != is_forgotten


def test_where_nothing_runs_and_nothing_is_due_no_database_is_asked(services, monkeypatch):
    monkeypatch.setattr(services, 'ask_gate', lambda: pytest.fail('asked'))
    monkeypatch.setattr(services.running, 'names', lambda: [])
    assert services.restart_running() == 0


def test_with_the_gate_closed_nothing_is_touched(services, monkeypatch, capsys):
    monkeypatch.setattr(services, 'ask_gate', lambda: (False, False))
    monkeypatch.setattr(services.restarting, 'restart', lambda name: pytest.fail(f'restarted {name}'))
    assert services.restart_running() == services.GATE_CLOSED
    assert 'not restarted' in capsys.readouterr().err


def test_with_the_gate_closed_what_has_run_into_it_is_not_said_to_run_on(services, monkeypatch, capsys):
    monkeypatch.setattr(services, 'ask_gate', lambda: (False, False))
    monkeypatch.setattr(services.running, 'fails_before_main', lambda name: name == 'nova-api')
    assert services.restart_running() == services.GATE_CLOSED
    assert capsys.readouterr().err.splitlines() == [
        'not restarted, still with the code they started with: nova-conductor, nova-scheduler',
        'not running, as they wait for the database: nova-api']


def test_what_a_killed_restart_left_stopped_is_started_by_the_next(services, monkeypatch):
    services.note.remember(['nova-api', 'nova-conductor'])
    monkeypatch.setattr(services.running, 'names', lambda: [])
    restarted = []
    monkeypatch.setattr(services.restarting, 'restart', lambda name: restarted.append(name) or True)
    monkeypatch.setattr(services.running, 'started', lambda: restarted)
    assert services.restart_running() == 0
    assert restarted == ['nova-conductor', 'nova-api']
    assert services.note.interrupted() == []


def test_a_service_that_does_not_come_back_is_named_and_tried_again_next_time(services, monkeypatch, capsys):
    monkeypatch.setattr(services.running, 'names', lambda: ['nova-conductor', 'nova-api'])
    monkeypatch.setattr(services.running, 'started', lambda: ['nova-api'])
    monkeypatch.setattr(services.restarting, 'restart', lambda name: True)
    assert services.restart_running() == services.FAILED_OTHERWISE
    said = capsys.readouterr().err
    assert "nova-conductor does not run after its restart, for a reason that is not nova-cascading's. " \
           'Next: journalctl -u nova-conductor' in said
    assert services.note.interrupted() == ['nova-conductor']


@pytest.mark.parametrize(('said', 'expected'), [
    ('File "/usr/lib/python3/dist-packages/nova/cascading/schema.py", line 3, in <module>\nImportError', 1),
    ("ImportError: No module named nova.cascading", 1),
    ('(1054, "Unknown column \'instances.mapping_uuid\' in \'field list\'")', 1),
    ('column instances.mapping_uuid does not exist', 1),
    ('Lost connection to MySQL server during query [SQL: SELECT instances.mapping_uuid FROM instances]', 4),
    ('File "/usr/lib/python3/dist-packages/keystoneauth1/session.py", line 3, in request\nConnectFailure', 4),
])
@pytest.mark.parametrize('where', ['journal', 'log'])
def test_the_fork_is_to_blame_only_for_what_its_own_code_or_column_did(services, monkeypatch, tmp_path, said, expected,
                                                                       where):
    monkeypatch.setattr(services.running, 'names', lambda: ['nova-conductor'])
    monkeypatch.setattr(services.running, 'started', lambda: [])

    def restart(name):
        (tmp_path / 'nova-conductor.log').write_text(said if where == 'log' else '')
        return True

    monkeypatch.setattr(services.restarting, 'restart', restart)
    monkeypatch.setattr(services.running, 'journal', lambda name, since: said if where == 'journal' else '')
    assert services.restart_running() == expected


@pytest.mark.parametrize(('before', 'after', 'expected'), [
    ('ok\n', 'ok\n' + MISSING, True), (MISSING, MISSING + 'no placement\n', False), (MISSING, MISSING, False),
    ('x' * 99 + MISSING, MISSING, True)], ids=['since', 'before', 'nothing more', 'rotated since'])
def test_what_was_logged_before_the_restart_is_nobody_s_fault_now(services, tmp_path, before, after, expected):
    log = tmp_path / 'nova-api.log'
    log.write_text(before)
    lengths = services.blame.lengths('nova-api')
    log.write_text(after)
    assert services.blame.is_ours('nova-api', lengths, '') == expected


def test_a_service_without_a_log_has_said_nothing(services):
    assert not services.blame.is_ours('nova-api', services.blame.lengths('nova-api'), '')


def test_a_systemctl_that_fails_is_not_taken_for_a_host_without_services(services, monkeypatch):
    monkeypatch.setattr(services.running, 'ask', lambda command: (1, ''))
    monkeypatch.setattr(services.running.time, 'sleep', lambda seconds: None)
    with pytest.raises(services.running.errors.Unreachable, match='systemctl list-units fails'):
        services.restart_running()


def test_a_systemctl_that_fails_for_a_moment_is_asked_again(services, monkeypatch):
    answers = iter([(1, ''), (127, ''), (0, UNITS)])
    monkeypatch.setattr(services.running, 'ask', lambda command: next(answers))
    monkeypatch.setattr(services.running.time, 'sleep', lambda seconds: None)
    assert services.running.names() == ['nova-conductor', 'nova-scheduler', 'nova-api']


def test_a_service_whose_script_fails_is_named_and_tried_again_though_it_runs(services, monkeypatch, capsys):
    monkeypatch.setattr(services.running, 'has_systemd', lambda: False)
    monkeypatch.setattr(services.running, 'names', lambda: ['nova-api'])
    monkeypatch.setattr(services.restarting, 'call', lambda command: 1)
    assert services.restart_running() == services.FAILED_OTHERWISE
    assert 'nova-api may still run the old code. Next: service nova-api restart' in capsys.readouterr().err
    assert services.note.interrupted() == ['nova-api']


def test_a_daemon_that_writes_its_pid_file_late_counts_as_up(services, monkeypatch):
    answers = iter([[], [], ['nova-api']])
    monkeypatch.setattr(services.running, 'names', lambda: next(answers))
    monkeypatch.setattr(services.running, 'has_systemd', lambda: False)
    assert services.restarting.down(['nova-api']) == []


@pytest.mark.parametrize(('state', 'expected'), [
    ('Job=0 ActiveState=inactive', []), ('ActiveState=inactive', []), ('ActiveState=failed', ['nova-api']),
    ('ActiveState=inactive Job=77', ['nova-api']), ('ActiveState=deactivating', ['nova-api'])])
def test_what_was_stopped_on_request_after_a_killed_restart_is_left_alone(services, monkeypatch, state, expected):
    services.note.remember(['nova-api'])
    monkeypatch.setattr(services.running, 'output', lambda command: state.replace(' ', '\n'))
    assert services.note.interrupted() == expected


@pytest.mark.parametrize(('main', 'said', 'to', 'expected'), [
    ('0', CLOSED, 'journal', ['nova-compute']), ('700', CLOSED, 'journal', ['nova-compute']),
    ('801', CLOSED, 'journal', []), ('700', 'wait-for-rabbit: no answer', 'journal', []),
    ('700', 'wait-for-rabbit: no answer', 'syslog+console', []), ('700', '', 'journal', ['nova-compute']),
    ('700', 'Failed with result exit-code', 'null', ['nova-compute'])])
def test_what_the_gate_kept_from_starting_is_started_and_no_other_failure(services, monkeypatch, main, said, to,
                                                                          expected):
    """An administrator's ExecStartPre fails before the main process, too; a gate may speak where no journal is."""
    shown = f'InactiveExitTimestampMonotonic=800\nExecMainStartTimestampMonotonic={main}\n' \
            f'ExecMainStartTimestamp=Fri 2026-11-27 15:54:18 UTC\nStandardOutput={to}\n'
    asked = []

    def answer(command):
        asked.append(command)
        return UNITS if 'list-units' in command else said if command[0] == 'journalctl' else shown

    monkeypatch.setattr(services.running, 'output', answer)
    assert services.running.held_back() == expected
    journal = [command for command in asked if command[0] == 'journalctl']
    assert main == '801' or journal[0][-2:] == ['--since', '2026-11-27 15:54:18']


def test_a_journal_or_a_systemd_that_does_not_answer_stops_no_restart(services, load, monkeypatch, capsys):
    def silent(*command, **options):
        raise load('errors').Unreachable('`that` has not answered')

    monkeypatch.setattr(services.running, 'call', silent)
    monkeypatch.setattr(services.running, 'fails_before_main', lambda name: True)
    monkeypatch.setattr(services.strangers, 'units', silent)
    monkeypatch.setattr(services.restarting, 'restart', lambda name: True)
    monkeypatch.setattr(services.running, 'started', lambda: ['nova-conductor', 'nova-scheduler', 'nova-api'])
    assert services.restart_running() == services.FAILED_OTHERWISE
    said = capsys.readouterr().err
    assert 'nova-compute does not run after its restart' in said and '`that` has not answered' in said


def test_an_execstartpre_of_somebody_s_that_fails_is_not_the_gate(services, starts, monkeypatch):
    monkeypatch.setattr(services.restarting, 'restart', lambda name: True)
    monkeypatch.setattr(services.running, 'started', list)
    monkeypatch.setattr(services.running, 'journal', lambda name, since: 'wait-for-rabbit: no answer')
    assert services.restart_running() == services.FAILED_OTHERWISE


def test_the_gate_is_known_by_its_words(services, load, capsys):
    database = load('database.databases').Database('cell0', 'mysql://nova:x@h/nova', None)
    load('migration.report').Report().lacks(database, 'the column')
    assert services.blame.is_refusal(capsys.readouterr().out)


@pytest.mark.parametrize('said', ['Failed at step EXEC spawning /usr/bin/nova-cascading: Permission denied',
                                  'Unable to locate executable \'/usr/bin/nova-cascading\': No such file'])
def test_a_gate_that_cannot_be_run_is_ours(services, said):
    assert services.blame.is_refusal(said)


def test_a_gate_that_systemd_had_no_place_for_is_not_ours(services):
    """Seen on trixie, when another service that ended took the /run/nova away that both have."""
    assert not services.blame.is_refusal('Failed at step RUNTIME_DIRECTORY spawning /usr/bin/nova-cascading: No such '
                                         'file or directory')


@pytest.mark.parametrize(('kind', 'later', 'expected'), [
    ('simple', '700', []), ('simple', '705', ['nova-api']), ('notify', '705', [])])
def test_what_does_not_tell_when_it_is_up_is_looked_at_again(services, monkeypatch, kind, later, expected):
    """systemd counts Type=simple as up at once, and may have started it anew by then."""
    slept = []
    monkeypatch.setattr(services.running, 'units', lambda: [('nova-api', 'active', 'running')])
    monkeypatch.setattr(services.running, 'output', lambda command: (
        f'Type={kind}\nExecMainStartTimestampMonotonic={later if 5 in slept else 700}\n'))
    monkeypatch.setattr(services.restarting, 'LOOK', 5)
    monkeypatch.setattr(services.restarting.time, 'sleep', slept.append)
    assert services.restarting.down(['nova-api']) == expected
    assert slept == [5 if kind == 'simple' else 0]


def test_what_runs_under_another_name_is_named(services, monkeypatch, capsys):
    monkeypatch.setattr(services.strangers, 'units', lambda: ['nova-conductor@2'])
    monkeypatch.setattr(services.running, 'names', list)
    assert services.restart_running() == 0
    told = capsys.readouterr()
    assert told.out == ''
    assert told.err == "nova-conductor@2 runs nova's code under a name that is not nova's, and was not restarted. " \
                       'Next: systemctl restart nova-conductor@2\n'


def test_with_the_gate_closed_what_runs_under_another_name_is_not_to_be_restarted(services, monkeypatch, capsys):
    monkeypatch.setattr(services, 'ask_gate', lambda: (False, False))
    monkeypatch.setattr(services.strangers, 'units', lambda: ['nova-conductor@2'])
    monkeypatch.setattr(services.running, 'names', list)
    assert services.restart_running() == services.GATE_CLOSED
    assert capsys.readouterr().err == 'not restarted, still with the code they started with: nova-conductor@2\n'


@pytest.mark.parametrize(('state', 'said'), [
    ('active', 'not restarted, still with the code they started with: nova-api'),
    ('activating', 'not running, as they wait for the database: nova-api')])
def test_with_the_gate_closed_a_service_that_started_before_there_was_a_gate_runs_on(services, monkeypatch, capsys,
                                                                                     state, said):
    """Seen with systemd 252: without ExecStartPre the main process starts some microseconds before the attempt."""
    shown = f'ActiveState={state}\nInactiveExitTimestampMonotonic=800\nExecMainStartTimestampMonotonic=799\n'
    monkeypatch.setattr(services.running, 'output', lambda command: shown)
    services.tell_closed(['nova-api'])
    assert capsys.readouterr().err.splitlines() == [said]


@pytest.mark.parametrize(('systemd', 'tools', 'expected'), [
    (True, {'deb-systemd-invoke'}, 'deb-systemd-invoke restart nova-api.service'),
    (True, set(), 'systemctl restart nova-api.service'),
    (False, {'invoke-rc.d'}, 'invoke-rc.d nova-api restart'),
    (False, set(), 'service nova-api restart'),
])
def test_each_init_system_is_asked_in_its_own_way(services, monkeypatch, systemd, tools, expected):
    monkeypatch.setattr(services.running, 'has_systemd', lambda: systemd)
    monkeypatch.setattr(services.restarting, 'which', lambda tool: tool in tools)
    assert services.restarting.command('nova-api') == expected.split()
    monkeypatch.setattr(services.running, 'names', lambda: ['nova-conductor', 'nova-api'])
    assert services.restarting.lines() == [expected.replace('api', 'conductor'), expected]
