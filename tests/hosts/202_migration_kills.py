"""kill -9 of the migration, or of the server, at any step: run again, it completes, and nothing is lost."""

import pytest

from tests.hosts.lib import services
from tests.hosts.lib.bed import Bed

V233 = 'icehouse-schema-2014.1-v233.mariadb.sql'
STEPS = ['before-column:shadow_instances', 'after-column:shadow_instances', 'before-column:instances',
         'after-column:instances', 'before-index', 'after-index', 'before-record', 'during-record', 'after-record']
BACK = ['during-export', 'after-export', 'after-drop-index', 'after-drop:shadow_instances', 'after-drop:instances']
HALF = 'after-drop:shadow_instances'  # from there the same command goes on
KILLED = -9, 137


@pytest.fixture(scope='module')
def bed(module_host):
    bed = Bed(module_host('bookworm', 'sqlalchemies'))
    bed.start_mariadb()
    bed.start_postgresql()
    return bed


def kill_server(bed):
    bed.host.run('pid=$(cat /run/mysqld/mysqld.pid); kill -9 $pid; while test -d /proc/$pid; do sleep 0.1; done')


def with_mappings(bed, url):
    """Twelve instances with a mapping in a database that is in place."""
    name = url.rpartition('/')[2]
    bed.host.sql("INSERT INTO instances (uuid, deleted, mapping_uuid) SELECT CONCAT('u', seq), 0, CONCAT('m', seq) "
                 'FROM seq_1_to_12', name)
    return name


def mappings(bed, name):
    return sorted(bed.host.sql('SELECT uuid, mapping_uuid FROM instances', name))


@pytest.mark.parametrize('point', STEPS)
def test_sync_goes_on_where_it_was_killed(bed, point):
    url = bed.mariadb(V233)
    name = url.rpartition('/')[2]
    bed.host.sql("INSERT INTO instances (uuid, deleted) VALUES ('u1', 0)", name)
    assert bed.cascading('db sync', url, check=False, fault=point).status in KILLED
    bed.cascading('db sync', url)
    assert bed.is_right(url)
    assert mappings(bed, name) == [('u1', None)]
    recorded = bed.host.sql('SELECT repository_id, version FROM migrate_version', name)
    assert sorted(recorded) == [('nova', '233'), ('nova_cascading', '234')]


TOGETHER = 'column:shadow_instances+instances'


@pytest.mark.parametrize('point', ['before-' + TOGETHER, 'after-' + TOGETHER, 'before-index', 'after-index',
                                   'after-record'])
def test_sync_goes_on_where_it_was_killed_on_postgresql(bed, point):
    url = bed.postgresql()
    assert bed.cascading('db sync', url, check=False, fault=point).status in KILLED
    bed.cascading('db sync', url)
    assert bed.is_right(url)


def test_invalid_index_of_a_killed_run_is_made_anew(bed):
    url = bed.postgresql()
    name = url.rpartition('/')[2]
    bed.cascading('db sync', url)
    bed.psql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'instances_mapping_uuid_idx'::regclass", name)
    assert bed.cascading('db check', url, check=False).status == 1
    bed.cascading('db sync', url)
    assert bed.psql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'instances_mapping_uuid_idx'::regclass",
                    name) == 't\n'


@pytest.mark.parametrize('point', BACK)
def test_killed_rollback_loses_no_mapping(bed, point):
    url = bed.mariadb(V233)
    bed.cascading('db sync', url)
    name = with_mappings(bed, url)
    before = mappings(bed, name)
    folder = f'/var/tmp/{name}'
    bed.host.run(f'mkdir {folder}')
    killed = bed.cascading(f'db rollback --drop-column --export-dir {folder}', url, check=False, fault=point)
    assert killed.status in KILLED
    bed.cascading('db sync' if point != HALF else f'db rollback --drop-column --export-dir {folder}', url)
    bed.cascading('db sync', url)
    for export in bed.host.run(f'ls {folder}/*.csv.gz', check=False).out.split():
        bed.cascading(f'db rollback --import {export}', url)
    assert mappings(bed, name) == before


@pytest.mark.parametrize('point, version', [('before-adopt', 233), ('after-adopt', 233), ('after-adopt', 234)])
def test_killed_adopt_can_be_run_again(bed, point, version):
    url = bed.mariadb(V233)
    name = url.rpartition('/')[2]
    bed.host.sql('ALTER TABLE instances ADD COLUMN mapping_uuid VARCHAR(36); UPDATE migrate_version SET version = 234',
                 name)
    assert bed.cascading('db adopt', url, check=False, latest=version, fault=point).status in KILLED
    bed.cascading('db adopt', url, latest=version)
    assert bed.is_right(url)
    assert bed.host.sql("SELECT version FROM migrate_version WHERE repository_id = 'nova'", name) == [(str(version),)]


@pytest.mark.parametrize('point', ['after-column:shadow_instances', 'before-index', 'before-record'])
def test_server_killed_between_the_steps(bed, point):
    url = bed.mariadb(V233)
    assert bed.cascading('db sync', url, check=False, fault=point).status in KILLED
    kill_server(bed)
    assert bed.cascading('db check', url, check=False).status == 2
    bed.host.start_mariadb()
    bed.cascading('db sync', url)
    assert bed.is_right(url)


def test_server_killed_during_the_change(bed):
    """A table that is rebuilt for some seconds: the server dies in the midst of it."""
    url = bed.mariadb('SET GLOBAL innodb_instant_alter_column_allowed = never; '
                      'CREATE TABLE instances (id INT PRIMARY KEY AUTO_INCREMENT, uuid VARCHAR(36), note CHAR(250)); '
                      'CREATE TABLE shadow_instances LIKE instances; INSERT INTO instances (uuid, note) '
                      "SELECT CONCAT('u', seq), REPEAT('x', 250) FROM seq_1_to_300000")
    name = url.rpartition('/')[2]
    running = bed.start('db sync', url)
    altering = 'SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE "ALTER TABLE instances%INPLACE%"'
    services.wait_for(bed.host, f"test $(mysql -N -e '{altering}') = 1")
    kill_server(bed)
    said = running.communicate(timeout=60)[0]
    assert running.returncode == 2  # it cannot be asked now: packages make up for it
    assert 'Lost connection' in said
    bed.host.start_mariadb()
    assert bed.host.sql('SELECT COUNT(*) FROM instances', name) == [('300000',)]
    bed.cascading('db sync', url)
    assert bed.is_right(url)
    assert bed.host.sql('SELECT COUNT(*) FROM instances', name) == [('300000',)]
