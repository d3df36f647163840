"""A question to a database has three answers, and one of them comes in time: go on, cannot be done, nobody can tell."""

import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from builder.common.project import PROJECT
from builder.package import preflight

SOURCE = PROJECT / 'src/nova/cascading'
TABLES = ''.join(f'CREATE TABLE {name} (id INTEGER PRIMARY KEY, uuid VARCHAR(36){{}}, deleted INTEGER);'
                 for name in ('instances', 'shadow_instances'))


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


class Host:
    """A stock nova without anything of the fork, and the fork's command line beside it."""

    def __init__(self, place):
        self.place = place
        for name in ('stock/nova', 'fork/nova'):
            (place / name).mkdir(parents=True)
            (place / name / '__init__.py').write_text('')
        (place / 'fork/nova/cascading').symlink_to(SOURCE)
        (place / 'work').mkdir()

    def database(self, column=''):
        path = self.place / 'nova.sqlite'
        with sqlite3.connect(path) as made:
            made.executescript(TABLES.format(column, column))
        return f'[database]\nconnection = sqlite:///{path}\n'

    def conf(self, text):
        path = self.place / 'nova.conf'
        path.write_text(text)
        return path

    def preflight(self, text, nova='stock'):
        return self.run(['-', '--config-file', self.conf(text)], nova, input=preflight.text())

    def cascading(self, words, text, **how):
        return self.run(['-m', 'nova.cascading', *words.split(), '--config-file', self.conf(text)], 'fork', **how)

    def run(self, words, nova, **how):
        return subprocess.run([sys.executable, '-B', *words], text=True, cwd=self.place / 'work', **{
            'env': {'PYTHONPATH': str(self.place / nova), 'PATH': '/usr/bin:/bin'}, 'stdout': subprocess.PIPE,
            'stderr': subprocess.PIPE, **how})

    def answers(self, text):
        """Exit status of the preflight, of the package's own migration and of the gate."""
        return (self.preflight(text).returncode, self.cascading('db check --gate', text).returncode,
                self.cascading('db sync --auto', text).returncode)


def test_a_database_that_can_be_migrated(host):
    text = host.database()
    assert host.answers(text) == (0, 1, 0)
    assert host.answers(text) == (0, 0, 0)


def test_a_database_that_cannot_be_migrated(host):
    text = host.database(', mapping_uuid INTEGER NOT NULL')
    assert host.answers(text) == (1, 0, 1)
    assert 'rename or change that column' in host.preflight(text).stdout


def test_a_database_that_others_hold_for_now(host):
    """As a dump does: a package that takes this for a refusal stays unconfigured, and nobody makes up for it."""
    text = host.database().replace('.sqlite', '.sqlite?timeout=0.1') + '[cascading]\nlock_retries = 0\n'
    with sqlite3.connect(host.place / 'nova.sqlite') as held:
        held.execute('BEGIN EXCLUSIVE')
        assert host.answers(text) == (3, 0, 2)
        assert 'run this again when it has ended' in host.cascading('db sync', text).stderr
    assert host.answers(text) == (0, 1, 0)


def test_what_makes_up_for_a_migration_tries_a_held_table_once(host):
    """Not by the environment, which oslo.config before Stein does not read."""
    unit = (PROJECT / 'debian/nova-cascading-catch-up.service').read_text()
    words = re.search("^ExecStart=/bin/sh -c '/usr/bin/nova-cascading (db sync .*?) && ", unit, re.M)[1]
    assert 'Environment' not in unit
    text = host.database() + '[cascading]\nlock_retries = 1\nlock_wait_timeout = 1\n'
    with sqlite3.connect(host.place / 'nova.sqlite') as held:
        held.execute('BEGIN IMMEDIATE')
        done, patient = host.cascading(words, text), host.cascading('db sync', text)
    assert (done.returncode, 'attempt 2' in done.stdout, 'attempt 2' in patient.stdout) == (2, False, True)
    assert host.cascading(words, text).returncode == 0


@pytest.mark.parametrize('text', [
    '[database]\nconnection = oracle://nova@db/nova\n',
    '[database]\nconnection = $nowhere$\n',
    '[cascading]\nauto_migrate = perhaps\n',
    'this is no configuration\n'])
def test_what_nobody_can_tell(host, text):
    assert host.answers(text) == (3, 0, 2)
    done = host.preflight(text)
    assert 'Traceback' not in done.stdout + done.stderr
    assert len(done.stdout.splitlines()) > 1, 'no next command is named'


@pytest.mark.parametrize('text', [
    '', '[database]\nconnection = sqlite:////var/lib/nova/novadb\n',
    '[database]\nconnection = sqlite:////var/lib/nova/novadb\n[api_database]\n'
    'connection = sqlite:////var/lib/nova/nova_apidb\n'])
def test_what_nobody_has_configured(host, text):
    """The second and third are Debian's own nova.conf, on compute hosts too."""
    assert host.answers(text) == (0, 0, 0)
    assert 'names no database' in host.preflight(text).stdout


def test_an_index_on_some_rows_only_is_not_taken_for_the_one_that_is_needed(host):
    text = host.database(', MAPPING_UUID VARCHAR(36)')
    with sqlite3.connect(host.place / 'nova.sqlite') as made:
        made.execute('CREATE INDEX some ON instances (mapping_uuid) WHERE deleted = 0')
    done = host.cascading('db check', text)
    assert (done.returncode, 'lacks index on instances.mapping_uuid' in done.stdout) == (1, True)


@pytest.mark.parametrize('words, status', [('check --format json', 1), ('check', 1), ('sync --dry-run', 1),
                                           ('check --gate --mend', 0), ('sync', 0)])
def test_an_answer_that_cannot_be_written_is_none_but_stops_no_service_and_no_migration(host, words, status):
    text = host.database()
    host.cascading('db sync', text)
    with Path('/dev/full').open('w') as full:
        assert host.cascading('db ' + words, text, stdout=full).returncode == status


def test_a_file_that_is_not_there_is_no_empty_configuration(host):
    assert host.cascading('db sync --auto --config-file /no/such', '').returncode == 2


def test_without_nova_there_is_nothing_to_ask(host):
    assert host.preflight(host.database(), nova='none').returncode == 0


def test_a_nova_that_does_not_work_now_is_not_taken_for_none(host):
    (host.place / 'stock/sqlalchemy.py').write_text('raise ImportError("half upgraded")\n')
    done = host.preflight(host.database())
    assert (done.returncode, 'half upgraded' in done.stdout) == (3, True)


def test_nova_chooses_its_own_sqlalchemy_before_the_check_does(host):
    """RDO's nova for EL6 finds SQLAlchemy in a parallel egg, and the check asks with the same one."""
    text = host.database()
    (host.place / 'stock/sqlalchemy.py').write_text('raise ImportError("the wrong one")\n')
    (host.place / 'stock/nova/__init__.py').write_text(
        f'import sys\nsys.path.remove({str(host.place / "stock")!r})\n')
    assert host.preflight(text).returncode == 0


def test_nothing_in_the_current_directory_is_run(host):
    (host.place / 'work/sqlalchemy.py').write_text('raise SystemExit(77)\n')
    assert host.preflight(host.database()).returncode == 0


def test_one_file_is_made_of_the_very_modules():
    script = {'__name__': 'preflight'}
    exec(preflight.text(), script)
    assert len(script['MODULES']) > 10
    for name, text in script['MODULES'].items():
        path = SOURCE / name.replace('.', '/')
        assert text == (path / '__init__.py' if path.is_dir() else path.with_suffix('.py')).read_text(), name


def test_a_silent_answer_costs_no_more_than_the_time_for_all(load):
    asking = load('database.asking')
    silent = [asking.Question(f'database {number}', lambda: time.sleep(60)) for number in range(20)]
    start = time.monotonic()
    answers = asking.all_of([*silent, asking.Question('quick', lambda: 'here')], asking.Deadline(4))
    assert time.monotonic() - start < 40  # ten times as long one after the other
    assert answers[-1] == ('here', None)
    assert {answer.error.status for answer in answers[:-1]} == {2}
    assert 'database 3: has not answered' in str(answers[3].error)


def test_errors_come_back_as_what_they_were(load):
    asking, errors, base = load('database.asking'), load('errors'), load('database.dialects.base')

    def refuse():
        raise base.StatementError(base.LOGIN, 'who are you?', 'say so')

    def miss():
        error = errors.MissingFile('no file')
        error.is_default = True
        raise error

    refused, missed, broken = asking.all_of(
        [asking.Question('a', refuse), asking.Question('b', miss), asking.Question('c', lambda: 1 / 0)],
        asking.Deadline(5))
    assert (refused.error.status, refused.error.kind, refused.error.hint) == (1, 'login', 'say so')
    assert isinstance(missed.error, errors.MissingFile) and missed.error.is_default
    assert broken.error.status == 2 and 'c: cannot be asked: ZeroDivisionError' in str(broken.error)
