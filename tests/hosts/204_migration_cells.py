"""Cells v2: every cell in the API database is migrated, and one that is away keeps no other from it."""

import pytest

from tests.hosts.lib.bed import Bed

SCHEMA = 'icehouse-schema-2014.1.5-v234.mariadb.sql'
CELL0 = '00000000-0000-0000-0000-000000000000'
CELLS = 'CREATE TABLE cell_mappings (id INT PRIMARY KEY AUTO_INCREMENT, uuid VARCHAR(36), name VARCHAR(255), ' \
        'transport_url TEXT, database_connection TEXT, disabled INT)'


@pytest.fixture(scope='module')
def bed(module_host):
    bed = Bed(module_host('bookworm', 'databases'))
    bed.start_mariadb()
    return bed


def cloud(bed, connections):
    """An API database with these cells; returns what nova.conf says about it."""
    url = bed.mariadb(CELLS)
    for number, connection in enumerate(connections):
        bed.host.sql('INSERT INTO cell_mappings (uuid, name, database_connection) VALUES '
                     f"('{number or CELL0}', 'cell{number}', '{connection}')", url.rpartition('/')[2])
    return f'[api_database]\nconnection = {url}\n'


def test_every_cell_is_migrated_once(bed):
    main, cell0, other = [bed.mariadb(SCHEMA) for _ in range(3)]
    done = bed.cascading('db sync', main, cloud(bed, [cell0, main, other]), latest=None)
    assert [bed.is_right(url) for url in (main, cell0, other)] == [True] * 3
    assert done.out.count(': done') == 3
    assert 'database cell0' in done.out


def test_templates_take_their_values_from_the_main_connection(bed):
    main, other = bed.mariadb(SCHEMA), bed.mariadb(SCHEMA)
    name = other.rpartition('/')[2]
    template = '{scheme}://{username}:{password}@{hostname}/' + name + '?{query}'
    parameters = 'connection_parameters = charset=utf8\n'
    bed.cascading('db sync', main, parameters + cloud(bed, [template]), latest=None)
    assert bed.is_right(other)


def test_another_user_for_the_migration_alone_changes_every_cell(bed):
    main, other = bed.mariadb(SCHEMA), bed.mariadb(SCHEMA)
    for url in (main, other):
        bed.host.sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {url.rpartition('/')[2]}.* TO weak@'%' {bed.grants}, "
                     f'weak@localhost {bed.grants}', 'mysql')
    cells = cloud(bed, ['{scheme}://{username}:{password}@{hostname}/' + other.rpartition('/')[2]])
    conf, file = bed.conf(main.replace('nova:', 'weak:', 1), cells), bed.conf(main)
    refused = bed.host.run(bed.command('db sync', conf, None), check=False)
    assert refused.status == 1 and 'mapping_uuid' not in bed.columns(main) + bed.columns(other)
    bed.host.run(bed.command(f'db sync --config-file {conf}', file, None))
    assert bed.is_right(main) and bed.is_right(other)


def test_one_cell_away_is_told_and_the_others_are_done(bed):
    main, away, other = bed.mariadb(SCHEMA), bed.mariadb().replace('127.0.0.1', '127.0.0.1:1'), bed.mariadb(SCHEMA)
    done = bed.cascading('db sync', main, cloud(bed, [away, other]), latest=None, check=False)
    assert done.status == 2
    assert 'database cell0' in done.err
    assert [bed.is_right(url) for url in (main, other)] == [True, True]


def test_api_database_away_is_told_and_the_main_one_is_done(bed):
    main = bed.mariadb(SCHEMA)
    api = cloud(bed, []).replace('127.0.0.1', '127.0.0.1:1')
    done = bed.cascading('db sync', main, api, latest=None, check=False)
    assert done.status == 2
    assert bed.is_right(main)
    assert bed.preflight(main, api).status == 3


def test_preflight_asks_every_cell(bed):
    main, other = bed.mariadb(SCHEMA), bed.mariadb(SCHEMA)
    cells = cloud(bed, [other])
    assert bed.preflight(main, cells).status == 0
    early = bed.preflight(main, cloud(bed, [other.replace('127.0.0.1', '127.0.0.1:1')]))
    assert early.status == 3
    assert 'database cell0' in early.out


def test_status_tells_each_database_and_the_next_command(bed):
    main, other = bed.mariadb(SCHEMA), bed.mariadb(SCHEMA)
    cells = cloud(bed, [other])
    bed.cascading('db sync', main, latest=None)
    told = bed.cascading('status', main, cells, latest=None, check=False)
    assert told.status == 2, 'the bed has no conductors to ask, nor the code of nova that would'
    assert 'in place' in told.out
    assert 'next: nova-cascading db sync' in told.out
