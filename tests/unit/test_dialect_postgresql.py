"""What PostgreSQL of all ages answers when others are at work on a table. The server here is a stand-in, by rules."""

import pytest

from tests.unit.fakeserver import Connection

LARGE = ('COUNT', [(10001,)])
DEBRIS = ('indisvalid', [(1, False, 'instances_mapping_uuid_idx', 'mapping_uuid')])
BUILDER = ('ShareUpdateExclusiveLock', [(4711,)])


@pytest.fixture
def migrating(load, worker):
    """A prepared server of a version, behind a pooler or not, and what migrates it."""
    def make(*rules, version=150000, process=1, **options):
        known = [('server_version_num', [(str(version),)]), ('^SELECT pg_backend_pid', [(process,)]),
                 ('pg_locks|pg_stat_activity', [])]
        server = Connection(load('database.dialects.postgresql').PostgreSQL, 'postgresql', *rules, *known).server
        work = worker(server, **{'max_wait': 600, **options})
        server.prepare(work.options)
        return server, work
    return make


@pytest.fixture
def refused(load):
    """The error that something ends with."""
    def of(function, *arguments):
        with pytest.raises(load('database.dialects.base').StatementError) as raised:
            function(*arguments)
        return raised.value
    return of


@pytest.fixture(autouse=True)
def impatient(load, monkeypatch):
    monkeypatch.setattr(load('migration.worker').time, 'sleep', lambda seconds: None)


def those(server, *words):
    return [one for one in server.connection.asked if all(word in one for word in words)]


def test_a_vacuum_holds_no_index_up_and_a_builder_only_where_it_may_be_building_ours(migrating, refused):
    server, work = migrating(LARGE, BUILDER)
    server.add_index(work)
    assert those(server, 'CREATE INDEX CONCURRENTLY')
    server, work = migrating(LARGE, BUILDER, DEBRIS)
    assert refused(server.add_index, work).kind == 'locked'
    assert not those(server, 'DROP INDEX') and not those(server, 'CREATE INDEX')


def test_who_holds_a_table_up_is_only_told(migrating, refused):
    """The wait ends as it would, also where the server does not say that."""
    server, work = migrating(('ALTER', '55P03'), ('pg_stat_activity', '42703'), lock_retries=1)
    assert refused(server.add_columns, [('instances', None)], work).kind == 'locked'
    assert (len(those(server, 'ALTER')), len(work.said)) == (2, 1)


def test_processes_have_another_name_before_92(migrating):
    for version, found in ((90100, 2), (90200, 0)):
        server, _ = migrating(version=version)
        server.holders('instances')
        server._holder()
        assert len(those(server, 'pg_stat_activity', 'procpid')) == found


@pytest.mark.parametrize(('version', 'how'), [(90100, ''), (90200, 'CONCURRENTLY ')])
def test_half_an_index_goes_as_the_server_lets_it_go(migrating, version, how):
    server, work = migrating(LARGE, DEBRIS, version=version)
    server.add_index(work)
    assert those(server, 'DROP') == [f'DROP INDEX {how}instances_mapping_uuid_idx']


def test_no_limit_is_longer_than_the_server_takes(migrating):
    server, work = migrating(LARGE, lock_wait_timeout=3600, lock_retries=10000, max_wait=604800)
    server.add_index(work)
    limit, = those(server, 'SET lock_timeout')
    assert int(limit.split("'")[1].rstrip('s')) * 1000 < 2 ** 31


def test_a_wait_that_holds_up_nobody_is_not_short_because_a_table_is_tried_only_once(migrating):
    """What makes up for a migration would build and drop the index every 30 seconds, beside a transaction of some."""
    server, work = migrating(LARGE, lock_wait_timeout=3, lock_retries=0, max_wait=600)
    server.add_index(work)
    assert those(server, 'SET lock_timeout') == ["SET lock_timeout = '60s'"]


def test_no_limit_of_the_role_ends_a_change(migrating):
    """An ALTER that waits, or the look at all mappings before a column goes, may take longer than nova's own work."""
    server, work = migrating()
    with server.hold(['instances']):
        server.add_columns([('instances', None)], work)
    unlimited = [number for number, one in enumerate(server.connection.asked) if "'transaction_timeout'" in one]
    change, = [number for number, one in enumerate(server.connection.asked) if 'ALTER' in one]
    assert len(unlimited) == 3 and max(unlimited) < change


@pytest.mark.parametrize(('process', 'count'), [(1, 1), (2, 0)], ids=['direct', 'pooled'])
def test_no_limit_of_the_role_ends_a_session_that_is_idle_while_it_waits_for_others(migrating, process, count):
    """A pooler's session is somebody else's afterwards."""
    server, _ = migrating(process=process)
    assert len(those(server, "'idle_session_timeout'", "'0', false")) == count


SLOW = [{'version': 90200}, {'process': 2}]  # no limit to waits alone; behind a pooler


@pytest.mark.parametrize('kind', SLOW, ids=['before 9.3', 'pooled'])
def test_an_index_that_takes_longer_than_a_wait_is_not_cut_short(migrating, kind):
    server, work = migrating(LARGE, **kind)
    server.add_index(work)
    assert '600 s at most' in work.said[0]
    assert not those(server, 'SET lock_timeout') and not those(server, "SET statement_timeout = '")


@pytest.mark.parametrize('kind', SLOW, ids=['before 9.3', 'pooled'])
def test_an_index_that_is_not_ready_in_all_the_time_there_is_is_not_begun_anew(migrating, refused, kind):
    server, work = migrating(LARGE, ('CREATE INDEX', '57014'), ('pg_stat_activity', [(7, None, 400)]), max_wait=0,
                             lock_retries=20, **kind)
    error = refused(server.add_index, work)
    assert error.kind == 'locked' and 'raise max_wait' in error.hint and '400 s old' in error.what
    assert len(those(server, 'CREATE INDEX')) == 1


@pytest.mark.parametrize('kind', [{}, {'process': 2}], ids=['direct', 'pooled'])
def test_what_an_administrator_has_ended_is_not_begun_anew(migrating, refused, kind):
    server, work = migrating(LARGE, ('CREATE INDEX|ALTER', '57014'), lock_retries=3, **kind)
    for error in (refused(server.add_index, work), refused(server.add_columns, [('instances', None)], work)):
        assert error.kind == 'stopped' and 'ask why' in error.hint
    assert (len(those(server, 'CREATE INDEX')), len(those(server, 'ALTER'))) == (1, 1)


class Psycopg2Of2010:
    """psycopg2 2.0.14, EL6's: no cancel(), no autocommit; what is set by that name changes nothing."""

    def __init__(self):
        self.levels = [1]
        self.set_isolation_level = self.levels.append

    def get_backend_pid(self):
        return 1


@pytest.mark.parametrize(('version', 'limit'), [(90100, 'as long as they last'), (150000, None)])
def test_an_index_is_built_outside_of_transactions_by_old_drivers_too(migrating, monkeypatch, version, limit):
    driver = Psycopg2Of2010()
    monkeypatch.setattr(Connection, 'driver_connection', driver)
    server, work = migrating(LARGE, version=version)
    rows, levels = server.connection.rows, []
    monkeypatch.setattr(server.connection, 'rows', lambda statement, **values: (
        levels.append((driver.levels[-1], 'CONCURRENTLY' in statement)), rows(statement, **values))[1])
    server.add_index(work)
    assert (0, True) in levels and (1, True) not in levels and driver.levels == [1, 0, 1]
    assert limit is None or limit in work.said[0]
