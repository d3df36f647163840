"""The table of docs/debian.md, cell by cell: the package's scripts under sh, with stand-ins for what they call.

The stand-ins answer with the exit statuses that builder and fork agree on; what really gives them is tested elsewhere.
"""

import re
import subprocess
from pathlib import Path

import pytest

from builder.common.project import PROJECT
from builder.package.deb import template

DEBIAN = PROJECT / 'debian'
DUE = 'var/lib/nova-cascading/catch-up'
STOP, START = (f'systemctl {verb} nova-cascading-catch-up.service' for verb in ('stop', 'start --no-block'))
STAND_IN = '''#!/bin/sh
echo "{name} $*" >>"{log}"
{body}
'''


class Bed:
    """A directory with stand-ins for commands, and the maintainer scripts filled in for it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.log = place / 'log'
        self.log.touch()
        (place / 'bin').mkdir()
        self.answers('python3', 'case $(cat) in "") exit 0 ;; "import nova") exit $FOREIGN ;; esac; exit $PREFLIGHT')
        self.answers('nova-cascading', 'case "$1" in db) exit $SYNC ;; services) exit $RESTART ;; esac')
        self.answers('dpkg-query', 'case $* in *"$FORK_INSTALLED") echo install ok installed ;; *) exit 1 ;; esac')
        for name in ('dpkg-trigger', 'systemctl', 'apt-get'):
            self.answers(name, '')
        self.answers('flock', 'shift 3; exec "$@"')
        self.makes('nova.conf', 'site/nova/__init__.py', 'systemd/')

    def answers(self, name: str, body: str) -> None:
        script = self.place / 'bin' / name
        script.write_text(STAND_IN.format(name=name, log=self.log, body=body))
        script.chmod(0o755)

    def makes(self, *names: str) -> None:
        for name in names:
            path = self.place / name
            (path if name.endswith('/') else path.parent).mkdir(parents=True, exist_ok=True)
            if not name.endswith('/'):
                path.touch()

    def run(self, script: str, *arguments: str, **answers: object) -> subprocess.CompletedProcess:
        known = {'PACKAGE': 'python3-nova-cascading', 'STOCK': 'python3-nova', 'STOCK_VERSION': '2:26.2.2-1',
                 'SITE': str(self.place / 'site'), 'PYTHON_NAME': 'python3', 'ISOLATED': '-I -B', 'PREFLIGHT': 'pass'}
        text = template.filled((DEBIAN / f'{script}.in').read_text(), known, DEBIAN / script)
        for real, here in (('/etc/nova/nova.conf', 'nova.conf'), ('/run/systemd/system', 'systemd')):
            text = text.replace(f' {real} ]', f' {self.place / here} ]')
        for place in ('/run/nova-cascading', '/var/lib/nova-cascading'):
            text = text.replace(place, f'{self.place}{place}')
        text = text.replace('PATH=/', f'PATH={self.place}/bin:/', 1)
        text = re.sub('/usr/bin/(python3|nova-cascading) ', rf'{self.place}/bin/\1 ', text)
        env = {'PATH': f'{self.place}/bin:/usr/bin:/bin', 'PREFLIGHT': '0', 'FOREIGN': '0', 'SYNC': '0',
               'RESTART': '0', 'FORK_INSTALLED': 'none', **{name: str(value) for name, value in answers.items()}}
        return subprocess.run(['sh', '-s', *arguments], input=text, env=env, capture_output=True, text=True)

    @property
    def called(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def bed(tmp_path):
    return Bed(tmp_path)


@pytest.mark.parametrize(('preflight', 'status', 'said'), [
    (0, 0, ''), (1, 1, 'python3-nova and the running services stay'), (3, 0, 'cannot be asked now'),
    (2, 0, 'cannot be asked now'), (124, 0, 'cannot be asked now'), (139, 0, 'cannot be asked now')])
def test_preinst_refuses_only_what_is_known_to_be_impossible(bed, preflight, status, said):
    done = bed.run('preinst', 'install', PREFLIGHT=preflight)
    assert (done.returncode, said in done.stderr) == (status, True)
    assert bool(done.stderr) == bool(said)


@pytest.mark.parametrize('words', [(), ('1:2014.1.5-1+cascading1',)])
def test_preinst_asks_nothing_and_says_nothing_where_apt_has_removed_the_stock_code(bed, words):
    """There is nothing to ask with, and nothing is known about the database; postinst will ask."""
    (bed.place / 'site/nova/__init__.py').unlink()
    done = bed.run('preinst', 'install', *words, PREFLIGHT=1)
    assert (done.returncode, done.stdout + done.stderr) == (0, '')
    assert [line for line in bed.called if line.startswith('python3')] == []


def test_preinst_takes_a_python_that_does_not_start_for_no_answer(bed):
    bed.answers('python3', 'exit 1')
    done = bed.run('preinst', 'install')
    assert (done.returncode, 'cannot be asked now' in done.stderr) == (0, True)


@pytest.mark.parametrize(('words', 'status'), [(('install',), 0), (('companion', 'install'), 1)])
def test_preinst_takes_a_python_that_has_no_nova_for_no_answer_where_nova_is_installed(bed, words, status):
    """It would say that there is nothing to migrate."""
    done = bed.run('preinst', *words, FOREIGN=1)
    assert done.returncode == status
    assert 'python3 does not start here, or does not find the nova in' in done.stderr
    (bed.place / 'site/nova/__init__.py').unlink()
    assert bed.run('preinst', *words, FOREIGN=1).returncode == 0


@pytest.mark.parametrize('arguments', [('upgrade', '1'), ('abort-upgrade', '1')])
def test_an_upgrade_asks_nothing(bed, arguments):
    assert bed.run('preinst', *arguments, PREFLIGHT=1).returncode == 0
    assert bed.called == []


@pytest.mark.parametrize('name', ['python3-nova-cascading', 'python-nova-cascading'])
def test_where_the_fork_is_at_work_under_either_name_nothing_is_asked(bed, name):
    assert bed.run('preinst', 'install', PREFLIGHT=1, FORK_INSTALLED=name).returncode == 0
    assert [line for line in bed.called if line.startswith('python3')] == []


def test_without_nova_conf_there_is_nothing_to_ask(bed):
    (bed.place / 'nova.conf').unlink()
    assert bed.run('preinst', 'install', PREFLIGHT=1).returncode == 0
    assert bed.called == []


@pytest.mark.parametrize(('plan', 'status', 'preflight'), [
    ('echo "Remv python3-nova [1]"', 0, 0), ('echo "Remv python3-nova [1]"', 1, 1), ('exit 100', 1, 0),
    ('echo "Remv nova-api [1]"', 1, 0)])
def test_asked_by_hand_it_looks_at_apt_s_plan_first(bed, plan, status, preflight):
    bed.answers('apt-get', f'[ "$1" != --version ] || {{ echo apt 2.6.1; exit 0; }}; {plan}')
    done = bed.run('preinst', 'ask', './fork.deb', './nova-api.deb', PREFLIGHT=preflight)
    assert done.returncode == status
    assert 'apt-get -s install ./fork.deb ./nova-api.deb' in bed.called
    assert ('apt would remove nova-api' in done.stderr) == ('nova-api [' in plan)


def test_asked_by_hand_an_apt_that_takes_no_files_is_not_asked_for_a_plan(bed):
    bed.answers('apt-get', 'echo apt 1.0.1ubuntu2.24; [ "$1" = --version ]')
    assert bed.run('preinst', 'ask', './fork.deb').returncode == 0
    assert bed.run('preinst', 'ask', './fork.deb', PREFLIGHT=1).returncode == 1


@pytest.mark.parametrize(('files', 'status'), [(['./fork.deb'], 0), (['./nova-api.deb', './fork.deb'], 1)])
def test_asked_by_hand_a_database_that_is_away_speaks_against_companions_alone(bed, files, status):
    bed.answers('apt-get', 'echo apt 1.0.1ubuntu2.24; [ "$1" = --version ]')
    done = bed.run('preinst', 'ask', *files, PREFLIGHT=3)
    assert done.returncode == status
    assert ('start the database, and ask again' in done.stderr) == (status == 0)


@pytest.mark.parametrize(('arguments', 'preflight', 'status'), [
    (('upgrade', '1:2014.1.5-0ubuntu1'), 0, 0), (('upgrade', '1:2014.1.5-0ubuntu1'), 1, 1), (('install',), 1, 1),
    (('upgrade', '1:2014.1.5-0ubuntu1'), 3, 1), (('upgrade', '1:2014.1.5-0ubuntu1+cascading1'), 1, 0),
    (('upgrade', '1:2014.1.5-0ubuntu1+cascading1'), 3, 0),
    (('install', '1:2014.1.5-0ubuntu1+cascading1'), 1, 0), (('abort-upgrade', '1'), 1, 0)])
@pytest.mark.parametrize('stock_is_there', [True, False])
def test_a_companion_takes_a_service_only_where_the_database_can_be_migrated(bed, arguments, preflight, status,
                                                                             stock_is_there):
    """Nor where it cannot be asked: the service's own scripts start the new code on a database without its column."""
    if not stock_is_there:
        (bed.place / 'site/nova/__init__.py').unlink()
    done = bed.run('preinst', 'companion', *arguments, PREFLIGHT=preflight)
    assert (done.returncode, 'run the same' in done.stderr) == (status, bool(status))


@pytest.mark.parametrize(('sync', 'status', 'triggers'), [(0, 0, True), (2, 0, True), (1, 1, False), (126, 1, False)])
def test_postinst_fails_only_when_a_database_cannot_be_migrated(bed, sync, status, triggers):
    done = bed.run('postinst', 'configure', '', SYNC=sync)
    assert done.returncode == status
    assert ('dpkg-trigger --no-await python3-nova-cascading' in bed.called) == triggers
    assert ('dpkg --configure -a' in done.stderr) == bool(status)
    assert not any('restart-running' in line for line in bed.called)


def test_a_systemd_that_does_not_answer_stops_no_configuration(bed):
    bed.answers('systemctl', 'exit 1')
    assert bed.run('postinst', 'configure', '').returncode == 0


@pytest.mark.parametrize(('sync', 'is_noted'), [(0, False), (2, True)])
def test_what_cannot_be_migrated_now_is_noted_before_the_power_can_fail(bed, sync, is_noted):
    assert bed.run('postinst', 'configure', '', SYNC=sync).returncode == 0
    assert ((bed.place / DUE).exists(), START in bed.called) == (is_noted, False)


@pytest.mark.parametrize(('restart', 'is_started'), [(0, False), (2, True), (3, False), (4, False)])
def test_a_restart_that_systemd_had_no_answer_for_is_made_up_for(bed, restart, is_started):
    """prerm has stopped what was at it."""
    bed.run('postinst', 'triggered', 'python3-nova-cascading', RESTART=restart)
    assert ((bed.place / DUE).exists(), START in bed.called) == (is_started, is_started)


@pytest.mark.parametrize(('restart', 'status'), [(0, 0), (1, 1), (2, 0), (3, 0), (4, 0)])
def test_a_service_that_does_not_come_up_counts_only_when_the_fork_is_the_cause(bed, restart, status):
    done = bed.run('postinst', 'triggered', 'python3-nova-cascading', RESTART=restart)
    assert done.returncode == status
    assert ('stays unconfigured' in done.stderr) == bool(status)


def test_with_the_database_away_at_the_end_nothing_is_restarted_and_systemd_makes_up_for_it(bed):
    done = bed.run('postinst', 'triggered', 'python3-nova-cascading', SYNC=2)
    assert done.returncode == 0
    assert 'systemctl start --no-block nova-cascading-catch-up.service' in bed.called
    assert 'nova-cascading-catch-up.service does both' in done.stderr
    assert not any('restart-running' in line for line in bed.called)
    assert (bed.place / DUE).exists()
    assert (bed.place / DUE).parent.stat().st_mode & 0o777 == 0o700


def test_systemd_and_the_command_look_for_the_note_that_the_scripts_make(load):
    assert f'\nConditionPathExists=/{DUE}\n' in (DEBIAN / 'nova-cascading-catch-up.service').read_text()
    assert load('host.note').MIGRATION.lstrip('/') == DUE


def test_what_cannot_be_noted_is_not_said_to_be_made_up_for(bed):
    bed.makes('var/lib/nova-cascading')
    done = bed.run('postinst', 'triggered', 'python3-nova-cascading', SYNC=2)
    assert done.returncode == 0
    assert 'does both' not in done.stderr and 'Next, when that has changed: nova-cascading db sync' in done.stderr



@pytest.mark.parametrize(('arguments', 'expected'), [
    (('remove',), [STOP]), (('upgrade', '2'), [STOP]), (('deconfigure',), [])])
def test_what_makes_up_for_the_migration_does_not_meet_an_exchange_of_files(bed, arguments, expected):
    done = bed.run('prerm', *arguments)
    assert (done.returncode, done.stderr) == (0, '')
    assert [line for line in bed.called if line.startswith('systemctl')] == expected
    assert [line for line in bed.called if line.startswith('flock')] == [
        f'flock -w 300 {bed.place}/run/nova-cascading.lock {line}' for line in expected]


@pytest.mark.parametrize('name', ['systemctl', 'flock'])
def test_what_makes_up_for_the_migration_and_cannot_be_stopped_is_told(bed, name):
    bed.answers(name, 'exit 1')
    done = bed.run('prerm', 'remove')
    assert done.returncode == 0
    assert 'could not be stopped' in done.stderr and 'systemctl status nova-cascading-catch-up' in done.stderr


@pytest.mark.parametrize('action', ['abort-upgrade', 'abort-remove', 'abort-deconfigure'])
@pytest.mark.parametrize('systemctl', ['', 'exit 1'])
def test_when_dpkg_stays_with_this_version_it_goes_on(bed, action, systemctl):
    bed.answers('systemctl', systemctl)
    assert bed.run('postinst', action).returncode == 0
    assert bed.called == [START]


def test_exports_of_mappings_outlive_the_package_and_the_note_does_not(bed):
    bed.makes(DUE, 'var/lib/nova-cascading/mappings-nova.csv.gz')
    for _ in range(2):
        assert bed.run('postrm', 'remove').returncode == 0
    assert [path.name for path in (bed.place / DUE).parent.iterdir()] == ['mappings-nova.csv.gz']
    (bed.place / 'var/lib/nova-cascading/mappings-nova.csv.gz').unlink()
    bed.run('postrm', 'remove')
    assert not (bed.place / DUE).parent.exists()


def test_what_cannot_be_tidied_up_does_not_fail_a_removal(bed):
    """As with a link to a larger file system in the place of the directory."""
    bed.makes('elsewhere/catch-up', 'var/lib/', 'run/nova-cascading.restarting/')
    (bed.place / DUE).parent.symlink_to(bed.place / 'elsewhere')
    assert bed.run('postrm', 'remove').returncode == 0
    assert not (bed.place / DUE).exists()


def test_byte_code_that_cannot_be_removed_does_not_keep_the_package(bed):
    bed.makes('debian/')
    subprocess.run(['sh', DEBIAN / 'bytecode', 'python3-nova-cascading', '3'], cwd=bed.place, check=True)
    bed.answers('py3clean', 'exit 1')
    bed.answers('dpkg', 'echo /site/nova/cli.py; echo /site/nova/cells.py')
    bed.answers('rm', 'exit 1')
    script = bed.place / 'debian/python3-nova-cascading.prerm.debhelper'
    done = subprocess.run(['sh', '-e', script], env={'PATH': f'{bed.place}/bin:/usr/bin:/bin'})
    assert (done.returncode, len([line for line in bed.called if line.startswith('rm ')])) == (0, 2)


def test_without_systemd_the_commands_are_named(bed):
    (bed.place / 'systemd').rmdir()
    done = bed.run('postinst', 'triggered', 'python3-nova-cascading', SYNC=2)
    assert done.returncode == 0
    assert 'nova-cascading db sync && nova-cascading services restart-running' in done.stderr


def test_a_migration_that_turns_out_impossible_at_the_end_fails_and_restarts_nothing(bed):
    assert bed.run('postinst', 'triggered', 'python3-nova-cascading', SYNC=1).returncode == 1
    assert not any('restart-running' in line for line in bed.called)


def test_the_start_gate_adds_what_is_missing():
    """What that does: test_gate.py."""
    command = next(line for line in (DEBIAN / '50-nova-cascading.conf').read_text().splitlines() if line[0] == 'E')
    assert command == 'ExecStartPre=/usr/bin/nova-cascading db check --gate --mend'


@pytest.mark.parametrize(('gate', 'expected'), [(0, ''), (1, '0'), (2, ''), (127, '')])
def test_needrestart_leaves_nova_alone_only_while_the_gate_is_closed(bed, gate, expected):
    """Read by perl as needrestart reads it; what a 0 in override_rc means is needrestart's."""
    bed.answers('nova-cascading', f'exit {gate}')
    snippet = (DEBIAN / 'needrestart.conf').read_text().replace('/usr/bin/', f'{bed.place}/bin/')
    code = f'our %nrconf; {snippet}; print map {{ "nova-api" =~ /$_/ ? $nrconf{{override_rc}}{{$_}} : "other" }} ' \
           'keys %{$nrconf{override_rc}};'
    done = subprocess.run(['perl', '-we', code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, '')
