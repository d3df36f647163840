"""Every database that the fork meets becomes right, and stays right on a second run."""

import pytest

from tests.hosts.lib.bed import Bed, tiny_nova

V233 = 'icehouse-schema-2014.1-v233.mariadb.sql'
V234 = 'icehouse-schema-2014.1.5-v234.mariadb.sql'
ORIGINAL = 'ALTER TABLE instances ADD COLUMN mapping_uuid VARCHAR(36); UPDATE migrate_version SET version = 234'


@pytest.fixture(scope='module')
def bed(module_host):
    bed = Bed(module_host('bookworm', 'sqlalchemies'))
    bed.start_mariadb()
    bed.start_postgresql()
    return bed


@pytest.fixture(scope='module')
def old(bed, module_host):
    """A host with Python 2.7 that reaches the same servers."""
    return module_host('bullseye', 'sqlalchemies27', beside=bed.host)


@pytest.mark.parametrize('schema', [V233, V234])
def test_icehouse_gets_column_index_and_record(bed, schema):
    url = bed.mariadb(schema)
    name = url.rpartition('/')[2]
    assert 'done' in bed.cascading('db sync', url).out
    assert bed.is_right(url)
    assert bed.columns(url)[-1] == bed.columns(url, 'shadow_instances')[-1] == 'mapping_uuid'
    assert bed.host.sql('SELECT INDEX_NAME, NON_UNIQUE FROM information_schema.STATISTICS WHERE COLUMN_NAME = '
                        "'mapping_uuid' AND TABLE_SCHEMA = DATABASE()", name) == [('instances_mapping_uuid_idx', '1')]
    recorded = bed.host.sql("SELECT version FROM migrate_version WHERE repository_id = 'nova_cascading'", name)
    assert recorded == [('234',)]


def test_nothing_is_done_twice(bed):
    url = bed.mariadb(V233)
    bed.cascading('db sync', url)
    before = bed.host.sql('SHOW CREATE TABLE instances', url.rpartition('/')[2])
    again = bed.cascading('db sync', url)
    assert 'nothing to do' in again.out
    assert 'ALTER' not in again.out
    assert bed.host.sql('SHOW CREATE TABLE instances', url.rpartition('/')[2]) == before


def test_nova_with_alembic_gets_no_record(bed):
    url = bed.mariadb(V234)
    name = url.rpartition('/')[2]
    tables = bed.host.sql('SHOW TABLES', name)
    bed.cascading('db sync', url, latest=None)
    assert bed.is_right(url)
    assert bed.host.sql('SELECT repository_id FROM migrate_version', name) == [('nova',)]
    assert bed.host.sql('SHOW TABLES', name) == tables


@pytest.mark.parametrize('server', ['postgresql', 'sqlite'])
def test_other_servers_become_right_and_stay_so(bed, server):
    url = getattr(bed, server)()
    assert bed.cascading('db check', url, check=False).status == 1
    bed.cascading('db sync', url)
    assert bed.is_right(url)
    assert 'nothing to do' in bed.cascading('db sync', url).out


def test_shadow_column_takes_the_place_that_it_has_in_instances(bed):
    """The 2014 original added the column to instances only; upstream has added others since."""
    url = bed.mariadb(V234)
    bed.host.sql('ALTER TABLE instances ADD COLUMN mapping_uuid VARCHAR(36), ADD COLUMN hidden INT; '
                 'ALTER TABLE shadow_instances ADD COLUMN hidden INT', url.rpartition('/')[2])
    bed.cascading('db sync', url, latest=234)
    assert bed.columns(url)[-2:] == bed.columns(url, 'shadow_instances')[-2:] == ['mapping_uuid', 'hidden']


def test_misplaced_shadow_column_is_moved_with_its_values(bed):
    url = bed.mariadb(V234)
    name = url.rpartition('/')[2]
    bed.host.sql('ALTER TABLE instances ADD COLUMN mapping_uuid VARCHAR(36); '
                 'ALTER TABLE shadow_instances ADD COLUMN mapping_uuid VARCHAR(36) AFTER uuid; '
                 "INSERT INTO shadow_instances (id, uuid, mapping_uuid) VALUES (1, 'u', 'm')", name)
    bed.cascading('db sync', url, latest=234)
    assert bed.is_right(url)
    assert bed.host.sql('SELECT uuid, mapping_uuid FROM shadow_instances', name) == [('u', 'm')]


def test_foreign_column_of_that_name_is_left_alone(bed):
    url = bed.mariadb(V233)
    bed.host.sql('ALTER TABLE instances ADD COLUMN mapping_uuid INT NOT NULL', url.rpartition('/')[2])
    done = bed.cascading('db sync', url, check=False)
    assert done.status == 1
    assert 'instances.mapping_uuid is int' in done.err
    assert 'mapping_uuid' not in bed.columns(url, 'shadow_instances')


def test_databases_of_the_original_are_never_guessed_about(bed):
    url = bed.mariadb(V233)
    bed.host.sql(ORIGINAL, url.rpartition('/')[2])
    done = bed.cascading('db sync', url, check=False)
    assert done.status == 1
    assert 'nova-cascading db adopt' in done.err
    assert 'mapping_uuid' not in bed.columns(url, 'shadow_instances')


@pytest.mark.parametrize('latest, version, columns', [(233, '233', 0), (234, '234', 2)])
def test_adopt_takes_over_the_original(bed, latest, version, columns):
    """2014.1.2 knows 233 migrations; 2014.1.5 has its own 234, whose index must not be missing."""
    url = bed.mariadb(V233)
    name = url.rpartition('/')[2]
    bed.host.sql(ORIGINAL + "; INSERT INTO instances (uuid, deleted, mapping_uuid) VALUES ('u', 0, 'm')", name)
    assert 'taken over' in bed.cascading('db adopt', url, latest=latest).out
    assert bed.is_right(url)
    assert bed.host.sql("SELECT version FROM migrate_version WHERE repository_id = 'nova'", name) == [(version,)]
    made = bed.host.sql("SHOW INDEX FROM reservations WHERE Key_name = 'reservations_deleted_expire_idx'", name)
    assert len(made) == columns
    assert bed.host.sql('SELECT mapping_uuid FROM instances', name) == [('m',)]
    assert 'nothing to adopt' in bed.cascading('db adopt', url, latest=latest).out


def test_adopt_leaves_ordinary_databases_alone(bed):
    url = bed.mariadb(V234)
    bed.cascading('db sync', url, latest=234)
    assert 'nothing to adopt' in bed.cascading('db adopt', url, latest=234).out
    assert bed.host.sql("SELECT version FROM migrate_version WHERE repository_id = 'nova'",
                        url.rpartition('/')[2]) == [('234',)]


@pytest.mark.parametrize('version', ['1.3', '2.0'])
def test_python_3_environments(bed, version):
    latest = None if version == '2.0' else 233
    check_everywhere(bed, bed.host, version, latest)


@pytest.mark.parametrize('version', ['0.7', '0.8', '0.9', '1.0'])
def test_python_2_environments(bed, old, version):
    check_everywhere(bed, old, version, 233)


def check_everywhere(bed, host, version, latest):
    """Sync, again and check on MariaDB, PostgreSQL and SQLite with one SQLAlchemy, in a host beside the servers."""
    inside = Bed(host)
    urls = [bed.mariadb(V233), bed.postgresql(), inside.sqlite()]
    for url in urls:
        run = f'cd {tiny_nova(host, latest)} && /opt/sa-{version}/bin/python -B -m nova.cascading db {{}} ' \
              f'--config-file {inside.conf(url)}'
        assert host.run(run.format('check'), check=False).status == 1
        assert 'done' in host.run(run.format('sync')).out
        assert 'nothing to do' in host.run(run.format('sync')).out
        assert 'in place' in host.run(run.format('check')).out
