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
