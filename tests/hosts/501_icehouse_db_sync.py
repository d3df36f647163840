"""The fork's nova-manage db sync brings every Icehouse database to what the fork needs; stock nova keeps working."""

import pytest

from tests.hosts.lib import icehouse, trees

CASES = [  # release of the fork, release of stock nova that made the database (None: empty), nova's version afterwards
    ('2014.1.5', None, '234'),
    ('2014.1.5', '2014.1.2', '234'),
    ('2014.1.5', '2014.1.5', '234'),
    ('2014.1.2', None, '233'),
    ('2014.1.2', '2014.1.2', '233'),
]
COLUMNS = '''SELECT table_name, column_type, is_nullable, ordinal_position FROM information_schema.columns
    WHERE table_schema = 'nova' AND column_name = 'mapping_uuid' ORDER BY table_name'''


@pytest.fixture(scope='module')
def host(module_host):
    """A host with MariaDB."""
    icehouse.require(*icehouse.RELEASES)  # or what Icehouse runs on would be built for nothing, for minutes
    host = module_host(icehouse.SUITE, 'icehouse')
    host.start_mariadb()
    host.sql("GRANT ALL ON nova.* TO nova@localhost IDENTIFIED BY 'nova'", database='')
    return host


@pytest.fixture(scope='module')
def nova(host, tmp_path_factory):
    """Runs nova-manage of a stock or forked release, put on the host once."""
    places = {}

    def manage(version, forked, words):
        if (version, forked) not in places:
            places[version, forked] = trees.put(host, version, tmp_path_factory.mktemp('icehouse'), forked)
        return trees.manage(host, places[version, forked], words).out.strip()
    return manage


def empty_database(host):
    host.sql('DROP DATABASE IF EXISTS nova; CREATE DATABASE nova CHARACTER SET utf8', database='')


@pytest.fixture(scope='module', params=CASES, ids=lambda case: f'{case[0]}-on-{case[1] or "empty"}')
def synced(request, host, nova):
    """(release, nova's version) of a database that stock nova made, or nobody, and the fork synchronized."""
    release, before, version = request.param
    empty_database(host)
    if before:
        nova(before, False, 'db sync')
    nova(release, True, 'db sync')
    return release, version


def versions(host):
    return dict(host.sql('SELECT repository_id, version FROM migrate_version'))


def test_both_tables_get_the_column_at_one_place_and_nova_its_own_version(synced, host):
    (name, *column), (shadow_name, *shadow) = host.sql(COLUMNS)
    assert (name, shadow_name, column[:2]) == ('instances', 'shadow_instances', ['varchar(36)', 'YES'])
    assert column == shadow
    assert versions(host)['nova'] == synced[1]


def test_again_changes_nothing(synced, host, nova):
    before = host.sql(COLUMNS), versions(host)
    nova(synced[0], True, 'db sync')
    assert before == (host.sql(COLUMNS), versions(host))


def test_deleted_instances_are_archived_with_their_mapping(synced, host, nova):
    """Icehouse copies rows by position: with the column in one table only, archiving failed for every table."""
    host.sql("INSERT INTO instances (id, uuid, mapping_uuid, deleted) VALUES (7, 'u', 'm', 7)")
    nova(synced[0], True, 'db archive_deleted_rows 10')
    assert host.sql('SELECT uuid, mapping_uuid FROM shadow_instances') == [('u', 'm')]
    assert host.sql('SELECT uuid FROM instances') == []


def test_stock_nova_synchronizes_the_same_database_afterwards(synced, host, nova):
    release, version = synced
    nova(release, False, 'db sync')
    assert versions(host)['nova'] == nova(release, False, 'db version') == version


def test_upstreams_own_migration_234_is_not_lost(host, nova):
    """The patch of 2014 had a 234 of its own: a database that took it never got upstream's index."""
    empty_database(host)
    nova('2014.1.2', True, 'db sync')
    nova('2014.1.5', True, 'db sync')
    assert host.sql("SHOW INDEX FROM reservations WHERE Key_name = 'reservations_deleted_expire_idx'") != []
    assert len(host.sql(COLUMNS)) == 2
