"""What cannot work is refused with a clear word, changes nothing, and shows no password; preflight says the same."""

from urllib.parse import quote

import pytest

from tests.hosts.lib.bed import PASSWORD, Bed

V233 = 'icehouse-schema-2014.1-v233.mariadb.sql'


@pytest.fixture(scope='module')
def bed(module_host):
    bed = Bed(module_host('bookworm', 'databases'))
    bed.start_mariadb()
    bed.start_postgresql()
    return bed


def refused(bed, url, status, words, more=''):
    """Sync fails with this status and these words, preflight says the very same, and neither shows the password."""
    done = bed.cascading('db sync', url, more, check=False)
    early = bed.preflight(url, more)
    said = done.out + done.err + early.out + early.err
    assert (done.status, early.status) == (status, 3 if status == 2 else status), said
    assert words in done.err
    assert early.out == done.err
    for secret in (PASSWORD, quote(PASSWORD, safe=''), 'p@ss', 'ss%w'):
        assert secret not in said
    assert len(done.err.splitlines()) > 1, 'no next command is named'
    return done


def user(bed, url, grants, name='weak'):
    """The URL of the same database for a new user who has these privileges only."""
    database = url.rpartition('/')[2]
    bed.host.sql(f"CREATE OR REPLACE USER {name}@'%' {bed.grants}, {name}@localhost {bed.grants}; "
                 f"GRANT {grants} ON {database}.* TO {name}@'%', {name}@localhost", 'mysql')
    return url.replace('nova:', name + ':', 1)


@pytest.mark.parametrize('server', ['mariadb', 'postgresql'])
def test_wrong_password(bed, server):
    url = getattr(bed, server)().replace('w%3A', 'W%3A')
    refused(bed, url, 2, 'correct user or password')


@pytest.mark.parametrize('server', ['mariadb', 'postgresql'])
def test_missing_database(bed, server):
    url = getattr(bed, server)() + '_absent'
    refused(bed, url, 2, 'create the database')


def test_server_that_is_down_is_not_taken_for_one_that_is_not_configured(bed):
    url = bed.mariadb().replace('127.0.0.1', '127.0.0.1:1')
    refused(bed, url, 2, 'see that the database server runs')
    check = bed.cascading('db check', url, check=False)
    assert check.status == 2
    assert bed.cascading('db check --gate', url, check=False).status == 0


@pytest.mark.parametrize('driver', ['mysql+pymysql', 'postgresql'])
def test_password_with_a_raw_at_sign_is_not_shown_as_a_host(bed, driver):
    """Drivers name the host that they look for, which is the password behind its @ then."""
    url = f'{driver}://nova:p@ss%w.rd/1@127.0.0.1/nova'
    assert '***' in refused(bed, url, 2, 'see that the database server runs').err


def test_an_address_that_sqlalchemy_repeats_as_it_cannot_read_it_is_shown_without_the_password(bed):
    url = bed.mariadb().replace('mysql+', 'mysql-')
    refused(bed, url, 2, "'mysql-pymysql://nova:***@127.0.0.1/")


def test_user_who_may_not_alter(bed):
    url = bed.mariadb(V233)
    refused(bed, user(bed, url, 'SELECT, INSERT, UPDATE, DELETE'), 1, 'the database user lacks ALTER')
    assert 'mapping_uuid' not in bed.columns(url) + bed.columns(url, 'shadow_instances')


def test_user_who_may_alter_passes_preflight(bed):
    url = bed.mariadb(V233)
    assert bed.preflight(user(bed, url, 'SELECT, INSERT, UPDATE, DELETE, ALTER, CREATE, INDEX')).status == 0


def test_user_who_does_not_own_the_tables_on_postgresql(bed):
    url = bed.postgresql()
    name = url.rpartition('/')[2]
    bed.psql('ALTER TABLE instances OWNER TO postgres; GRANT ALL ON instances TO nova', name)
    refused(bed, url, 1, 'must be owner')
    assert 'mapping_uuid' not in bed.columns(url) + bed.columns(url, 'shadow_instances')


def test_a_tool_that_copies_a_table_meanwhile_is_waited_for(bed):
    """pt-online-schema-change and gh-ost put their copy in the table's place at the end, and column and mappings go."""
    url = bed.mariadb(V233)
    name = url.rpartition('/')[2]
    for make, told, drop in (
            ('CREATE TABLE _shadow_instances_gho LIKE shadow_instances', 'as the table _shadow_instances_gho shows',
             'DROP TABLE _shadow_instances_gho'),
            (f'CREATE TRIGGER pt_osc_{name}_instances_del AFTER DELETE ON instances FOR EACH ROW DELETE IGNORE FROM '
             'instance_faults WHERE id = OLD.id', f'as the trigger pt_osc_{name}_instances_del shows',
             f'DROP TRIGGER pt_osc_{name}_instances_del')):
        bed.host.sql(make, name)
        refused(bed, url, 2, told)
        assert 'mapping_uuid' not in bed.columns(url) + bed.columns(url, 'shadow_instances')
        bed.host.sql(drop, name)
    bed.cascading('db sync', url)
    bed.host.sql('CREATE TABLE _instances_new LIKE instances', name)
    assert bed.is_right(url) and bed.cascading('db sync', url).status == 0, 'a copy that has the column is no danger'


def test_read_only_server(bed):
    url = bed.mariadb(V233)
    bed.host.sql('SET GLOBAL read_only = 1', 'mysql')
    try:
        refused(bed, url, 1, 'read_only=ON')
    finally:
        bed.host.sql('SET GLOBAL read_only = 0', 'mysql')
    assert 'mapping_uuid' not in bed.columns(url)


def test_read_only_postgresql(bed):
    url = bed.postgresql()
    name = url.rpartition('/')[2]
    bed.psql(f'ALTER DATABASE {name} SET default_transaction_read_only = on')
    refused(bed, url, 1, 'this server is read-only')
    assert 'mapping_uuid' not in bed.columns(url)


def test_uninitialised_database_is_left_to_nova(bed):
    url = bed.mariadb()
    done = bed.cascading('db sync', url, check=False)
    assert done.status == 1
    assert 'nova-manage db sync' in done.err
    assert bed.host.sql('SHOW TABLES', url.rpartition('/')[2]) == []
    assert bed.preflight(url).status == 0
    assert bed.cascading('db sync --auto', url).status == 0


def test_sqlite_file_that_is_not_there_is_not_made(bed):
    url = 'sqlite:////var/tmp/absent.sqlite'
    assert bed.cascading('db sync', url, check=False).status == 1
    assert bed.preflight(url).status == 0
    assert not bed.host.exists('/var/tmp/absent.sqlite')


def test_host_without_database_passes(bed):
    done = bed.cascading('db sync')
    assert done.out == 'nothing to migrate here: nova.conf names no database\n'
    assert bed.cascading('db check').status == 0
    assert bed.preflight().status == 0


def test_auto_migrate_false_holds_for_packages_only(bed):
    url = bed.mariadb(V233)
    more = '[cascading]\nauto_migrate = false\n'
    assert 'run "nova-cascading db sync" yourself' in bed.cascading('db sync --auto', url, more).out
    assert 'mapping_uuid' not in bed.columns(url)
    assert bed.preflight(url.replace('127.0.0.1', '127.0.0.1:1'), more).status == 0
    bed.cascading('db sync', url, more)
    assert bed.is_right(url)


def test_gate_stops_a_service_only_for_a_missing_column(bed):
    url = bed.mariadb(V233)
    assert bed.cascading('db check --gate', url, check=False).status == 1
    bed.cascading('db sync', url)
    bed.host.sql('DROP INDEX instances_mapping_uuid_idx ON instances', url.rpartition('/')[2])
    assert bed.cascading('db check --gate', url, check=False).status == 0
    assert bed.cascading('db check', url, check=False).status == 1


def test_unreadable_configuration_is_not_taken_for_an_empty_one(bed):
    conf = bed.conf(bed.mariadb(V233))
    bed.host.run(f'chmod 600 {conf}')
    line = bed.command('db sync', conf)
    done = bed.host.run(f"su nobody -s /bin/sh -c '{line}'", check=False)
    assert done.status == 2
    assert 'you may not read it' in done.err


@pytest.mark.parametrize('section', ['[DEFAULT]\nsql_connection', '[DATABASE]\nsql_connection', '[sql]\nconnection'])
def test_old_names_of_the_connection_are_understood(bed, section):
    url = bed.mariadb(V233)
    bed.cascading('db sync', '', f'{section} = {url}\n')
    assert bed.is_right(url)


def test_configuration_directory_is_read(bed):
    url = bed.mariadb(V233)
    bed.host.write('/etc/bed.d/10-database.conf', f'[database]\nconnection = {url}\n')
    assert bed.host.run(bed.command('db sync --config-dir /etc/bed.d', bed.conf())).status == 0
    assert bed.is_right(url)


def test_full_disk(module_host):
    """A server whose data lie on a small file system: the index finds no room, the tables stay whole."""
    bed = Bed(module_host('bookworm', 'databases'))
    bed.start_mariadb('innodb_instant_alter_column_allowed=never')
    url = bed.mariadb('CREATE TABLE instances (id INT PRIMARY KEY AUTO_INCREMENT, uuid VARCHAR(36), note CHAR(250)); '
                      'CREATE TABLE shadow_instances LIKE instances; INSERT INTO instances (uuid, note) '
                      "SELECT CONCAT('u', seq), REPEAT('x', 250) FROM seq_1_to_60000")
    name = url.rpartition('/')[2]
    bed.host.run('mysqladmin shutdown; mv /var/lib/mysql /var/lib/mysql.whole; mkdir /var/lib/mysql; '
                 'mount -t tmpfs -o size=400m tmpfs /var/lib/mysql; '
                 'cp -a /var/lib/mysql.whole/. /var/lib/mysql/; chown mysql: /var/lib/mysql')
    bed.host.start_mariadb()
    bed.host.run('free=$(df -m --output=avail /var/lib/mysql | tail -1); '
                 'dd if=/dev/zero of=/var/lib/mysql/filler bs=1M count=$((free - 6))')
    done = bed.cascading('db sync', url, check=False)
    assert done.status == 1
    assert 'free space on the database server' in done.err
    assert 'mapping_uuid' not in bed.columns(url)
    assert bed.host.sql('SELECT COUNT(*) FROM instances', name) == [('60000',)]
    bed.host.run('rm /var/lib/mysql/filler')
    bed.cascading('db sync', url)
    assert bed.is_right(url)


SLOW = {'compressed rows': 'ALTER TABLE instances ROW_FORMAT=COMPRESSED',
        'a full-text index': 'ALTER TABLE instances ADD FULLTEXT INDEX words (hostname)',
        'an index of more columns': 'ALTER TABLE instances ADD INDEX more (mapping_uuid, uuid)',
        'told so': 'SET GLOBAL innodb_instant_alter_column_allowed = add_last'}


@pytest.mark.parametrize('how', SLOW)
def test_as_long_as_one_of_the_columns_cannot_go_at_once_all_stays_and_then_goes_as_it_says(bed, how):
    url = bed.mariadb('CREATE TABLE instances (id INT AUTO_INCREMENT PRIMARY KEY, uuid VARCHAR(36), '
                      'hostname VARCHAR(9)); CREATE TABLE shadow_instances LIKE instances; '
                      'INSERT INTO instances (uuid) SELECT seq FROM seq_1_to_10001')
    name = url.rpartition('/')[2]
    bed.cascading('db sync', url)
    bed.host.sql(SLOW[how], name)
    back = f'db rollback --drop-column --export-dir /root/{name}'
    try:
        refused = bed.cascading(back, url, check=False)
        assert (refused.status, 'run this again with --allow-table-copy' in refused.err) == (1, True)
        assert bed.is_right(url)
        bed.cascading(back + ' --allow-table-copy', url)
    finally:
        bed.host.sql('SET GLOBAL innodb_instant_alter_column_allowed = default', 'mysql')
    assert 'mapping_uuid' not in bed.columns(url) + bed.columns(url, 'shadow_instances')


def test_a_user_who_may_not_lock_tables_is_told_before_anything_goes(bed):
    url = bed.mariadb(V233)
    bed.cascading('db sync', url)
    weak, name = user(bed, url, 'SELECT, UPDATE, INSERT, DELETE, ALTER, CREATE, INDEX'), url.rpartition('/')[2]
    back = f'db rollback --drop-column --export-dir /root/{name}'
    refused = bed.cascading(back, weak, check=False)
    grant = f'GRANT LOCK TABLES ON `{name}`.* TO '
    assert (refused.status, grant + 'it, then run this again' in refused.err) == (1, True), refused
    assert bed.is_right(url)
    bed.host.sql(f"{grant} weak@'%', weak@localhost", 'mysql')
    bed.cascading(back, weak)
    assert 'mapping_uuid' not in bed.columns(url)
