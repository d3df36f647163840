"""Whatever condition a database is in: the preflight says beforehand what the migration then meets."""

import contextlib
import subprocess
import time

import pytest

from tests.hosts.lib import services, verdicts
from tests.hosts.lib.bed import tiny_nova
from tests.hosts.lib.verdicts import GO, NOT_NOW, V233, outcome

SILENCE = 'nova/cascading/database/silence.py'
SILENT = '''import socket, time
listening = socket.socket()
listening.bind(('127.0.0.1', 9999))
listening.listen(50)
time.sleep(600)
'''


@pytest.fixture(scope='module')
def bed(module_host):
    bed = verdicts.bed_of('bookworm', module_host)
    bed.host.spawn(f'exec python3 -c "{SILENT}"')
    return bed


def test_mariadb_asks_the_system_for_the_user(bed):
    url = bed.mariadb(V233)
    name = url.rpartition('/')[2]
    bed.host.sql(f'CREATE OR REPLACE USER nova@localhost IDENTIFIED VIA unix_socket; '
                 f'GRANT ALL ON {name}.* TO nova@localhost', 'mysql')
    try:
        assert outcome(bed, f'mysql+mysqldb://nova@localhost/{name}') == GO
        assert bed.preflight(f'mysql+mysqldb://root@localhost/{name}').status == 0, 'an administrator is let in as root'
    finally:
        bed.host.sql(f'CREATE OR REPLACE USER nova@localhost {bed.grants}; GRANT ALL ON `nova%`.* TO nova@localhost',
                     'mysql')


def with_many_rows(bed):
    """A new database of PostgreSQL, whose index is built CONCURRENTLY; returns its URL."""
    url = bed.postgresql()
    rows = "SELECT g, 'u' || g, 'h', 0 FROM generate_series(1, 12000) g"
    bed.psql(f'INSERT INTO instances {rows}', url.rpartition('/')[2])
    return url


def test_nothing_stays_behind_in_sessions_that_a_pooler_gives_to_others(bed):
    pooled = with_many_rows(bed).replace('127.0.0.1', '127.0.0.1:6432')
    assert 'CONCURRENTLY' in bed.cascading('db sync', pooled).out
    assert bed.psql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == '0\n'
    code = f"import psycopg2; at = psycopg2.connect('{pooled}').cursor(); at.execute('SHOW lock_timeout'); " \
           'print(at.fetchone()[0])'
    assert bed.host.run(f'python3 -c "{code}"').out == '0\n'


@contextlib.contextmanager
def old_snapshot(bed, url):
    """A transaction that holds up CREATE INDEX CONCURRENTLY until the end of the block."""
    name = url.rpartition('/')[2]
    held = 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM migrate_version; SELECT pg_sleep(60)'
    code = f"import psycopg2; psycopg2.connect('{url}').cursor().execute('{held}')"
    holder = bed.host.spawn(f'exec python3 -c "{code}"')
    services.wait_for(bed.host, f'su postgres -c "psql -Atc \\"SELECT query FROM pg_stat_activity WHERE datname = '
                      f'\'{name}\'\\"" | grep -q sleep')
    try:
        yield
    finally:
        bed.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND query ~ 'sleep'")
        holder.wait()


@pytest.mark.parametrize('port, more, told', [
    (5432, 'lock_wait_timeout = 1\nlock_retries = 1', 'attempt 2 of 2'), (6432, 'max_wait = 3', 'raise max_wait')],
    ids=['direct', 'behind pgbouncer'])
def test_an_index_that_cannot_be_finished_is_no_success(bed, port, more, told):
    """Its failure leaves half an index. Behind a pooler nothing can limit the wait alone: there is one attempt."""
    url = with_many_rows(bed)
    there = url.replace('127.0.0.1', f'127.0.0.1:{port}')
    with old_snapshot(bed, url):
        done = bed.cascading('db sync', there, f'[cascading]\n{more}\n', check=False)
        assert done.status == 2  # another time
        assert 'the oldest transaction is' in done.out + done.err and told in done.out + done.err
        assert bed.cascading('db check', url, check=False).status == 1
    bed.cascading('db sync', there)
    assert bed.is_right(url)


def test_a_change_may_take_longer_than_any_question(bed):
    """Questions have two seconds here, and the index waits for three."""
    url = with_many_rows(bed)
    root, hasty = tiny_nova(bed.host), '/opt/nova-hasty'
    bed.host.run(f'cp -a {root} {hasty}; sed -i "s/^SECONDS = 60/SECONDS = 2/" {hasty}/{SILENCE}; '
                 f'grep "^SECONDS = 2" {hasty}/{SILENCE}')
    line = bed.command('db sync', bed.conf(url)).replace(root, hasty)
    with old_snapshot(bed, url):
        running = bed.host.spawn(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        services.until(lambda: bed.psql("SELECT 1 FROM pg_stat_activity WHERE query ~ '^CREATE INDEX' "
                                        "AND now() - query_start > '3 s'::interval"))
    said = running.communicate(timeout=60)[0]
    assert running.returncode == 0, said
    assert bed.is_right(url)


def test_a_lock_that_is_never_given_back_is_named_and_not_waited_for_without_end(bed):
    url = bed.postgresql()
    lock = "SELECT pg_advisory_lock(hashtext(current_database()), hashtext('nova_cascading')), pg_sleep(60)"
    holder = bed.host.spawn(f'exec su postgres -c "psql -q {url.rpartition("/")[2]} -c \\"{lock}\\""')
    held = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted"
    services.wait_for(bed.host, f'su postgres -c "psql -Atc \\"{held}\\"" | grep -q 1')
    try:
        done = bed.cascading('db sync', url, '[cascading]\nmax_wait = 1\n', check=False)
    finally:
        holder.kill()
        holder.wait()
    assert done.status == 2
    assert 'pg_terminate_backend' in done.err and 'waiting for that one to end' in done.out


def test_one_database_under_many_names_is_one(bed):
    url, other = bed.mariadb(V233), bed.postgresql()
    api = bed.mariadb('CREATE TABLE cell_mappings (id INT, uuid CHAR(36), name TEXT, database_connection TEXT, '
                      'transport_url TEXT)')
    names = [url.replace('127.0.0.1', place) for place in ('127.0.0.1:3306', 'localhost', 'localhost:3306')]
    rows = [f"({number}, 'u{number}', 'c{number}', '{one}', 'rabbit://')" for number, one in enumerate([*names, other])]
    bed.host.sql(f'INSERT INTO cell_mappings VALUES {", ".join(rows)}', api.rpartition('/')[2])
    told = bed.cascading('db check', url, f'[api_database]\nconnection = {api}\n', check=False)
    assert [line.split()[1] for line in told.out.splitlines()] == ['main', 'c3']


def test_options_that_nova_itself_uses(bed):
    """connection_parameters are oslo.db's; $references may lead to any option of nova's, and of other groups."""
    url = bed.mariadb(V233)
    path = url.rpartition('/')[2]
    text = '[DEFAULT]\ndbpass = p%40ss%25w%3Ard%2F1\n[place]\ndb = 127.0.0.1\n[database]\nconnection_parameters = ' \
           f'charset=utf8mb4\nconnection = mysql+pymysql://nova:$dbpass@${{place.db}}/{path}\n'
    assert bed.preflight(more=text).status == 0
    assert 'done' in bed.cascading('db sync', more=text).out
    wrong = text.replace('charset=utf8mb4', 'no_such_parameter=1')
    assert (bed.preflight(more=wrong).status, bed.cascading('db check', more=wrong, check=False).status) == (3, 2)


def test_a_server_that_accepts_and_stays_silent_costs_15_seconds_in_all(bed):
    url = 'mysql+pymysql://nova:secret@127.0.0.1:9999/nova'
    start = time.monotonic()
    early = bed.preflight(url)
    assert time.monotonic() - start < 15
    assert early.status == 3 and 'has not answered' in early.out
    assert bed.cascading('db check --gate', url).status == 0
    assert time.monotonic() - start < 30


def test_messages_of_a_server_in_another_language_are_told_in_any_locale(bed):
    url = bed.mariadb(V233).replace('w%3A', 'W%3A')
    bed.host.sql("SET GLOBAL lc_messages = 'fr_FR'", 'mysql')
    try:
        line = f'LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 sh -c "{bed.command("db sync", bed.conf(url))}" 2>&1'
        done = bed.host.run(line, check=False)
        assert outcome(bed, url) == NOT_NOW
    finally:
        bed.host.sql("SET GLOBAL lc_messages = 'en_US'", 'mysql')
    assert done.status == 2
    assert 'correct user or password' in done.out and 'bug' not in done.out
    assert 'Acc' in done.out and 'denied' not in done.out, 'the server speaks English'


def test_an_autovacuum_gives_way_also_where_half_an_index_is_left(bed):
    url = with_many_rows(bed)
    name = url.rpartition('/')[2]
    bed.cascading('db sync', url)
    bed.psql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'instances_mapping_uuid_idx'::regclass; "
             'ALTER TABLE instances SET (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0, '
             'autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1); '
             'DELETE FROM instances WHERE id > 11000', name)
    bed.psql("ALTER SYSTEM SET autovacuum_naptime = '1s'; SELECT pg_reload_conf()")
    services.until(lambda: bed.psql("SELECT 1 FROM pg_stat_progress_vacuum WHERE relid = 'instances'::regclass", name))
    assert 'attempt' not in bed.cascading('db sync', url).out
    assert bed.is_right(url)
