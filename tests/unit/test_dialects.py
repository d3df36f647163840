"""What servers answer that are hard to come by, and what is made of it. The server here is a stand-in, by rules."""

import io
import types

import pytest
import sqlalchemy

from tests.unit.fakeserver import Connection, Driver

GRANT = 'GRANT {} ON `nova`.* TO `nova`@`%`'
ALL = 'ALTER, CREATE, INDEX, INSERT'


@pytest.fixture
def server(load):
    def make(*rules):
        return Connection(load('database.dialects.mysql').MySQL, 'mysql', *rules).server
    return make


@pytest.mark.parametrize(('lines', 'lacks'), [
    ([GRANT.format('ALL PRIVILEGES')], []),
    ([GRANT.format(ALL)], []),
    (['GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION'], []),
    (['GRANT USAGE ON *.* TO `nova`@`%`', r'GRANT ALL PRIVILEGES ON `nov\_%`.* TO `nova`@`%`'], ALL.split(', ')),
    ([r'GRANT ALL PRIVILEGES ON `no_a%`.* TO `nova`@`%`'], []),
    (['GRANT ALTER, CREATE ON `nova`.* TO `r`', 'GRANT INDEX, INSERT ON `nova`.`instances` TO `nova`@`%`'], []),
    ([GRANT.format('SELECT, INSERT (uuid), ALTER, CREATE, INDEX')], ['INSERT']),
    (['GRANT ALL PRIVILEGES ON *.* TO `nova`@`%`', 'REVOKE ALTER ON `nova`.* FROM `nova`@`%`'], ['ALTER']),
    (['GRANT ALL PRIVILEGES ON "nova".* TO "nova"@"%"'], []),
])
def test_privileges_are_read_from_what_the_server_shows(server, load, lines, lacks):
    made = server(('SHOW GRANTS$', [(line,) for line in lines]), ('DROP INDEX nova_cascading_is_no_index', 1142))
    assert load('database.dialects.grants').lacking(made.connection, 'instances', may_probe=True) == lacks


def test_roles_of_mysql_count(server, load):
    made = server(('USING `ops`@`%`', [(GRANT.format(ALL),)]), ('CURRENT_ROLE', [('`ops`@`%`',)]), ('SHOW GRANTS', []))
    assert load('database.dialects.grants').lacking(made.connection, 'instances', may_probe=False) == []


def test_what_the_list_does_not_show_is_tried_with_a_statement_that_must_fail(server, load):
    made = server(('SHOW GRANTS', []), ('is_no_index', 1091))
    assert load('database.dialects.grants').lacking(made.connection, 'instances', may_probe=True) == []
    assert load('database.dialects.grants').lacking(made.connection, 'instances', may_probe=False) == ALL.split(', ')


@pytest.mark.parametrize('grants, may_probe', [(2013, True), (2013, False), ([], True)])
def test_nobody_lacks_privileges_on_a_server_that_goes_away_while_it_is_asked(server, load, grants, may_probe):
    made = server(('SHOW GRANTS', grants), ('is_no_index', 2013))
    with pytest.raises(load('database.dialects.base').StatementError) as raised:
        load('database.dialects.grants').lacking(made.connection, 'instances', may_probe)
    assert raised.value.status == 2


NEW = [{'source_server_id': 7, 'replica_io_running': 'Yes', 'replica_sql_running': 'Yes', 'channel_name': ''}]
OLD = [{'master_server_id': 7, 'slave_io_running': 'Connecting', 'slave_sql_running': 'Yes'}]
STOPPED = [{'source_server_id': 7, 'replica_io_running': 'No', 'replica_sql_running': 'No', 'channel_name': ''}]


@pytest.mark.parametrize(('rules', 'is_replica'), [
    ([], False),
    ([('SHOW ALL SLAVES', 1064), ('SHOW REPLICA STATUS', NEW), ('SHOW REPLICAS', [])], True),
    ([('SHOW ALL SLAVES', 1064), ('SHOW REPLICA STATUS', 1064), ('SHOW SLAVE STATUS', OLD), ('SHOW REPLICA', 1064),
      ('SHOW SLAVE HOSTS', [])], True),
    ([('SHOW ALL SLAVES', OLD), ('SHOW REPLICA', 1227), ('SHOW SLAVE HOSTS', 1227)], True),
    ([('SHOW ALL SLAVES', 1064), ('SHOW REPLICA STATUS', STOPPED)], False),
    ([('SHOW ALL SLAVES', 1064), ('SHOW REPLICA STATUS', NEW), ('SHOW REPLICAS', [{'server_id': 7}])], False),
    ([('SHOW ALL SLAVES', 1064), ('SHOW REPLICA STATUS', NEW), ('SHOW REPLICAS', [{'server_id': 8}])], True),
    ([('SHOW (ALL|REPLICA|SLAVE)', 1227), ('replication_connection_status', [('ON',)])], True),
    ([('SHOW (ALL|REPLICA|SLAVE)', 1227), ('replication_connection_status', 1142)], False),
    ([('SHOW (ALL|REPLICA|SLAVE)', 1227), ('GLOBAL STATUS', [('Slaves_running', '1'), ('Slaves_connected', '1')])],
     False),
    ([('SHOW (ALL|REPLICA|SLAVE)', 1227), ('GLOBAL STATUS', [('Slaves_running', '1'), ('Slaves_connected', '0')])],
     True),
])
def test_replicas_of_each_generation(server, load, rules, is_replica):
    """The fifth has been promoted, the sixth is one of two masters, the seventh stands in the middle of a chain."""
    assert bool(load('database.dialects.topology').why_replica(server(*rules))) == is_replica


@pytest.mark.parametrize(('status', 'executed', 'is_in_doubt'), [
    (1227, 'AA:1-9', False), (1227, 'AA:1-9,\nBB:1-4', True), (1227, 'GG:1-7, AA:1', False), (1227, '', False),
    (NEW, 'AA:1-9,BB:1-4', False)])
def test_a_user_who_may_not_ask_whether_it_is_a_replica_is_told_so(server, status, executed, is_in_doubt):
    made = server(('SHOW (ALL|REPLICA|SLAVE)', status), ('GLOBAL VARIABLES', [
        ('gtid_executed', executed), ('server_uuid', 'aa'), ('group_replication_group_name', 'gg')]))
    assert bool(made.doubt()) == is_in_doubt


GALERA = [('GLOBAL VARIABLES', [('wsrep_on', 'ON'), ('wsrep_osu_method', 'RSU')]),
          ('GLOBAL STATUS', [('wsrep_ready', 'ON'), ('wsrep_cluster_status', 'Primary'),
                             ('wsrep_local_state_comment', 'Synced')])]
PXC = [('GET_LOCK|LOCK TABLES|RELEASE_LOCK|FLUSH', 1105)]  # what pxc_strict_mode=ENFORCING refuses


def test_galera_and_percona_are_changed_without_locks_that_they_forbid(server, worker):
    made = server(*PXC, *GALERA, ('SESSION.wsrep_OSU_method', [('TOI',)]))
    work = worker(made)
    made.prepare(work.options)
    with made.queue(work), made.hold(['instances']):
        made.add_columns([('instances', None)], work)
    assert not [one for one in made.connection.asked if 'LOCK TABLES' in one or 'GET_LOCK' in one]
    assert "SET SESSION wsrep_OSU_method = 'TOI'" in made.connection.asked


def test_a_node_that_would_keep_the_change_to_itself_is_refused(server, load):
    made = server(('SET SESSION wsrep', 1227), ('SESSION.wsrep_OSU_method', [('RSU',)]), *GALERA)
    with pytest.raises(load('errors').CascadingError, match='would keep the change to itself'):
        made.refuse_unchangeable()


def test_a_table_that_another_tool_copies_is_changed_later(server, load):
    base, lacking = load('database.dialects.base'), types.SimpleNamespace(index=True)
    made = server(('_instances_gho', [('the table _instances_new',), (b'the trigger pt_osc_nova_instances_del',)]))
    with pytest.raises(base.StatementError, match='as the table _instances_new and the trigger pt_osc_nova') as raised:
        made.refuse_in_the_way(lacking)
    assert (raised.value.kind, raised.value.status) == (base.LOCKED, 2)
    assert 'wait for the end of that tool' in str(raised.value) and 'DROP TABLE' in str(raised.value)
    server().refuse_in_the_way(lacking)


def test_a_table_whose_row_versions_are_used_up_is_changed_in_place(server, worker):
    made = server(('ALGORITHM=INSTANT', 4092))
    made.add_columns([('instances', None)], worker(made))
    assert 'ALGORITHM=INPLACE' in made.connection.asked[-1]


def test_what_no_table_of_errors_knows_is_tried_in_the_next_manner(server, worker):
    made = server(('ALGORITHM=(INSTANT|INPLACE)', 9999), ('COUNT', [(1,)]))
    made.add_columns([('instances', None)], worker(made))
    assert made.connection.asked[-1].endswith('VARCHAR(36) NULL')


LARGE = [('COUNT', [(10001,)]), ('TABLE_ROWS', [(2000000, 3 * 2 ** 30)])]


@pytest.mark.parametrize(('number', 'allowed', 'words', 'last'), [
    (1799, False, 'Accès refusé', 'LOCK=NONE'), (1846, False, '--allow-table-copy', 'LOCK=NONE'),
    (1799, True, None, '(mapping_uuid)')])
def test_a_large_table_that_would_be_changed_in_place_but_for_an_error_is_not_said_to_need_copying(
        server, worker, load, number, allowed, words, last):
    """The first is that others have written more meanwhile than the server keeps for such a change."""
    made = server(('INPLACE', number), *LARGE)
    try:
        made.add_index(worker(made, allow_table_copy=allowed))
        assert words is None
    except load('errors').CascadingError as error:
        assert words in str(error)
    assert [one for one in made.connection.asked if 'ALTER' in one][-1].endswith(last)


@pytest.mark.parametrize('number', [1317, 1969])
def test_a_change_that_somebody_has_ended_is_not_tried_in_another_manner(server, worker, load, number):
    made = server(('ALTER', number), ('COUNT', [(1,)]))
    with pytest.raises(load('database.dialects.base').StatementError, match='ask why'):
        made.add_columns([('instances', None)], worker(made, lock_retries=3))
    assert len([one for one in made.connection.asked if 'ALTER' in one]) == 1


def test_a_server_that_cannot_limit_a_wait_is_changed_without_a_limit(server, worker):
    """MySQL 5.1 does not know the one (1193), and keeps the other for its configuration (1238)."""
    made = server((' lock_wait_timeout', 1193), ('innodb_lock_wait_timeout', 1238))
    made.prepare(worker(made).options)


def test_a_server_that_refuses_to_limit_a_wait_is_left_alone(server, worker, load):
    made = server(('lock_wait_timeout', 1227))
    with pytest.raises(load('database.dialects.base').StatementError):
        made.prepare(worker(made).options)


@pytest.mark.parametrize(('provider', 'is_cluster'), [('none', False), ('', False), ('/usr/lib/galera.so', True)])
def test_a_build_for_galera_is_no_cluster_before_it_has_a_provider(server, load, provider, is_cluster):
    """MariaDB Galera 5.5 and 10.0 and Percona's say wsrep_on=ON, and Disconnected, all the same."""
    made = server(('GLOBAL VARIABLES.*wsrep_on', [('wsrep_on', 'ON'), ('wsrep_provider', provider)]),
                  ('GLOBAL STATUS', [('wsrep_ready', 'ON'), ('wsrep_cluster_status', 'Disconnected')]))
    assert made.is_galera == is_cluster
    assert bool(load('database.dialects.topology').why_out_of_cluster(made)) == is_cluster


def test_a_row_that_strict_mode_finds_too_wide_is_taken_without_it(server, worker):
    made = server()
    made.connection.rules.insert(0, ('ALTER TABLE', 1118))
    made.set_session = lambda name, value: made.connection.rules.pop(0) and True
    made.add_columns([('instances', None)], worker(made))
    assert [one for one in made.connection.asked if 'ALTER' in one][1:] == [
        'ALTER TABLE instances ADD COLUMN mapping_uuid VARCHAR(36) NULL, ALGORITHM=INSTANT']


@pytest.mark.parametrize(('rules', 'is_refused'), [
    ([], False), ([('innodb_strict_mode', 1227)], False), ([('innodb_strict_mode', 1227), ('TEMPORARY', 1044)], False),
    ([('innodb_strict_mode', 1227), ('ALTER TABLE nova_cascading_copy', 1118)], True)])
def test_a_row_that_will_be_too_wide_is_known_beforehand(server, load, rules, is_refused):
    """MySQL 8 lets few go without strict mode; the third may make no temporary table, so that nobody can know."""
    made = server(*rules, ('ENGINE', [('innodb',)]))
    missing = types.SimpleNamespace(columns=[('instances', None)], moves=[], tables_to_change=['instances'])
    try:
        made.refuse_disturbing(missing, types.SimpleNamespace(allow_table_copy=False))
        assert not is_refused
    except load('database.dialects.base').StatementError as error:
        assert is_refused and error.kind == 'too wide'


@pytest.mark.parametrize(('number', 'status', 'hint'), [
    (9999, 1, "the server's own words"), (1142, 1, 'let the database user alter'), (1047, 2, 'bring this node back'),
    (2013, 2, 'see that the database server runs'), (1205, 2, 'run this again when it has ended')])
def test_hints_are_of_the_kind_of_the_error(server, number, status, hint):
    error = server().statement_error(Driver(number, 'ça ne va pas'))
    assert (error.status, 'ça ne va pas' in str(error), hint in error.hint) == (status, True, True)


def test_what_the_server_takes_and_does_not_do_is_no_success(server, worker, load, monkeypatch):
    made = server()
    work = worker(made)
    missing = types.SimpleNamespace(columns=[('instances', None)], moves=[], index=False,
                                    __str__=lambda self: 'column')
    monkeypatch.setattr(load('migration.desired'), 'Missing', lambda server: missing)
    with pytest.raises(load('errors').CascadingError, match='although the server has taken every change'):
        work._follow()


def test_a_wait_for_another_run_has_an_end_and_names_it(server, worker, load):
    work = worker(server(), max_wait=0)
    with pytest.raises(load('errors').CascadingError, match='connection 5') as caught:
        work.wait_for_turn(lambda: False, lambda: 'connection 5')
    assert 'connection 5' in work.said[0]
    assert caught.value.status == 2


@pytest.mark.parametrize(('holders', 'said'), [
    ([(7, 'db1:4711', 99)], 'instances is in use (the oldest transaction is 99 s old: connection 7 from db1:4711)'),
    (1227, 'instances is in use')])
def test_who_holds_a_table_is_named_at_the_end_as_far_as_the_user_may_know(server, worker, load, holders, said):
    made = server(('ALTER TABLE', 1205), ('INNODB_TRX', holders))
    with pytest.raises(load('errors').CascadingError) as caught:
        made.add_columns([('instances', None)], worker(made))
    assert (caught.value.status, caught.value.what.endswith(said)) == (2, True)


@pytest.mark.parametrize(('version', 'latest', 'index', 'is_original'), [
    (234, 234, False, True), (234, 234, True, False), (255, 254, True, True), (255, 267, True, False),
    (254, 254, True, False), (None, 254, True, False)])
def test_databases_of_both_originals_are_recognised(load, monkeypatch, version, latest, index, is_original):
    adopt, record = load('migration.adopt'), load('migration.record')
    monkeypatch.setattr(record, 'used', lambda: True)
    monkeypatch.setattr(record, 'version', lambda *_: version)
    monkeypatch.setattr(record, 'novas_latest', lambda: latest)
    server = types.SimpleNamespace(columns=lambda table: ['id', 'mapping_uuid'],
                                   indexes=lambda table: [['deleted', 'expire']] if index else [])
    assert adopt.is_original(types.SimpleNamespace(server=server)) == is_original


def test_what_holds_up_a_takeover_is_told_as_of_every_change(server, worker, load, monkeypatch):
    """nova's own migration runs through a connection of its own, and ends with errors of other classes."""
    adopt, record = load('migration.adopt'), load('migration.record')

    def run(*_):
        raise sqlalchemy.exc.OperationalError('CREATE INDEX', {}, Driver(1205, 'Lock wait timeout exceeded'))
    script = types.SimpleNamespace(run=run)
    version = types.SimpleNamespace(script=lambda *_: script)
    monkeypatch.setattr(record, 'novas_repository', lambda: types.SimpleNamespace(version=lambda number: version))
    monkeypatch.setattr(record, 'novas_latest', lambda: 234)
    monkeypatch.setattr(record, 'version', lambda *_: 234)
    monkeypatch.setattr(adopt, 'is_original', lambda connection: True)
    made = server()
    made.connection.engine = sqlalchemy.create_engine('sqlite://')
    with pytest.raises(load('errors').CascadingError, match='1205 Lock wait timeout') as raised:
        adopt.run(worker(made))
    assert raised.value.status == 2


@pytest.mark.parametrize(('code', 'words', 'kind'), [
    (1030, 'Got error 28 "No space left on device" from storage engine InnoDB', 'full'),
    (1030, 'Got error 168 "Unknown (generic) error from engine" from storage engine InnoDB', 'other'),
    (1878, 'Temporary file write failure', 'full'), (1290, 'The server is running with --read-only', 'read only'),
    (1290, 'The server is running with the --max-session-mem-used=1048576 option', 'other')])
def test_a_number_of_several_reasons_is_told_by_its_words_and_no_hint_denies_what_was_done(server, load, code, words,
                                                                                         kind):
    error = server().statement_error(Driver(code, words))
    assert (error.kind, 'nothing was changed' in error.hint) == (kind, False)


class Told:
    """A server whose answer is known beforehand."""

    def __init__(self, *answer):
        self.connection = types.SimpleNamespace(rows=lambda statement, **values: [answer])
        self.answer = lambda ask: ask()


@pytest.mark.parametrize('count, text, expected', [
    (2, 'a\x1fb\x1eNULL\x1f\x1e', [['a', 'b'], [None, '']]),
    (2, 'a\x1fb\x1ec\x1fd', None),  # cut off in the last field
    (2, 'a\x1fb\x1e', None),
    (1, 'a\x1fb\x1e\x1fc\x1e', None),  # marks in a value
    (1, 'a\x1fb\x1fc\x1e', None),
    (1, None, None),  # longer than a packet may be
    (1, b'a\x1fb\x1e', None)])
def test_rows_in_one_text_are_taken_only_when_nothing_can_be_wrong_with_them(load, count, text, expected):
    packed = load('database.dialects.packed')
    text = text.replace('NULL', packed._NULL) if isinstance(text, str) else text
    found = packed.rows(Told(count, text), ['one', 'two'], 'FROM somewhere', 'one', {})
    assert found is None if expected is None else list(found) == expected


@pytest.mark.parametrize('value', ['plain', 'a,b', 'a "b"', 'a\nb', 'a\rb', '\x1d', '', None, 'caf\u00e9', '\x1b[31m'])
@pytest.mark.parametrize('more', [(), ('main',), ('a,b',)])
def test_rows_in_one_text_and_the_same_rows_one_by_one_are_the_same_csv(load, value, more):
    packed, output = load('database.dialects.packed'), load('output')
    row = ['one', value]
    text = packed._FIELD.join(packed._NULL if part is None else part for part in row) + packed._ROW
    written = [io.StringIO(), io.StringIO()]
    for out, rows in zip(written, (packed.Rows(text), [row])):
        output.printer('csv', ['a', 'b'], out).add_page(rows, more)
    assert written[0].getvalue() == written[1].getvalue()
