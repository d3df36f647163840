"""MariaDB and MySQL: change a table in the least disturbing way that the server offers."""

import contextlib
import hashlib
import itertools
import os

from nova.cascading import errors
from nova.cascading.database.dialects import base, grants, obstacles, packed, topology

_KINDS = {1205: base.LOCKED, 1213: base.LOCKED, 3572: base.LOCKED,
          1064: base.UNSUPPORTED, 1235: base.UNSUPPORTED, 1800: base.UNSUPPORTED, 1845: base.UNSUPPORTED,
          1846: base.UNSUPPORTED, 1847: base.UNSUPPORTED, 4092: base.UNSUPPORTED,
          1193: base.UNSUPPORTED, 1229: base.UNSUPPORTED, 1238: base.UNSUPPORTED,  # variables of a session
          1317: base.STOPPED, 1969: base.STOPPED, 3024: base.STOPPED,
          1118: base.TOO_WIDE, 1060: base.EXISTS, 1061: base.EXISTS,
          1044: base.PRIVILEGE, 1142: base.PRIVILEGE, 1143: base.PRIVILEGE, 1227: base.PRIVILEGE,
          1290: base.READ_ONLY, 1792: base.READ_ONLY, 1836: base.READ_ONLY, 3989: base.READ_ONLY,
          3: base.FULL, 1021: base.FULL, 1026: base.FULL, 1030: base.FULL, 1114: base.FULL, 1878: base.FULL,
          3019: base.FULL,
          1045: base.LOGIN, 1698: base.LOGIN, 1049: base.NO_DATABASE, 1047: base.NOT_READY,
          1040: base.GONE, 1053: base.GONE, 1152: base.GONE, 1158: base.GONE, 1159: base.GONE, 1160: base.GONE,
          1161: base.GONE, 1203: base.GONE, 1226: base.GONE, 1927: base.GONE, 2002: base.GONE, 2003: base.GONE,
          2006: base.GONE, 2013: base.GONE, 2055: base.GONE, 4031: base.GONE}
_ONLY_WITH = {1290: 'read-only', 1030: ' 28 '}  # numbers of several reasons: that one is meant where the text has this
# Takes the privilege PROCESS.
_OLDEST = """
    SELECT p.ID, p.HOST, TIMESTAMPDIFF(SECOND, t.trx_started, NOW()) FROM information_schema.INNODB_TRX t
    JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id
    WHERE p.DB = DATABASE() AND p.ID <> CONNECTION_ID() ORDER BY t.trx_started LIMIT 1"""
_INSTANT, _IN_PLACE, _ANY = 'ALGORITHM=INSTANT', 'ALGORITHM=INPLACE, LOCK=NONE', ''


class MySQL(base.Server):

    can_place_columns = True
    before_rows = ('START TRANSACTION',)  # after prepare(), each statement would be one of its own
    _reads_packed = False

    @classmethod
    def kind(cls, error):
        code = (getattr(error, 'args', None) or [None])[0]
        return _KINDS.get(code, base.OTHER) if _ONLY_WITH.get(code, '') in errors.text(error) else base.OTHER

    def settle(self):
        """What the server may be told to leave out of answers for all who do not object."""
        self.connection.rows('SET SESSION sql_select_limit = 18446744073709551615, sql_big_selects = 1')

    def columns(self, table):
        return [row[0].lower() for row in self.connection.rows(
            'SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() '
            'AND TABLE_NAME = :name ORDER BY ORDINAL_POSITION', name=table)]

    def mapping_type(self, table):
        return self.connection.rows(
            'SELECT LOWER(DATA_TYPE), CHARACTER_MAXIMUM_LENGTH, IS_NULLABLE = :yes FROM information_schema.COLUMNS '
            'WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = :name AND COLUMN_NAME = :column',
            yes='YES', name=table, column=base.COLUMN)[0]

    def indexes(self, table):
        rows = self.connection.rows(
            'SELECT INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() '
            "AND TABLE_NAME = :name AND INDEX_TYPE IN ('BTREE', 'HASH') ORDER BY INDEX_NAME, SEQ_IN_INDEX", name=table)
        return [[(row[1] or '').lower() for row in group] for _, group in itertools.groupby(rows, lambda row: row[0])]

    def read(self, columns, rest, order, **values):
        if not self._reads_packed:
            self._reads_packed = True
            packed.allow_length(self)
        found = packed.rows(self, columns, rest, order, values)
        return base.Server.read(self, columns, rest, order, **values) if found is None else found

    def settings(self, what, names):
        """Of SHOW GLOBAL VARIABLES or STATUS, by names in small letters; values in capitals."""
        listed = ', '.join("'{0}'".format(name) for name in names)
        rows = self.connection.rows('SHOW GLOBAL {0} WHERE Variable_name IN ({1})'.format(what, listed))
        return dict((name.lower(), value.upper()) for name, value in rows)

    def identity(self):
        cluster = self.settings('STATUS', ['wsrep_cluster_state_uuid']) if self.is_galera else None
        place = self.connection.value("SELECT CONCAT_WS('/', @@hostname, @@port, @@datadir, @@server_id)")
        return ('mysql', cluster['wsrep_cluster_state_uuid'] if cluster else place,
                self.connection.value('SELECT DATABASE()'))

    def mark(self, name):
        if not self.is_galera:
            self.connection.value('SELECT GET_LOCK(:name, 0)', name=self._mark(name))

    def sees(self, name):
        return self.is_galera or self.connection.value('SELECT IS_USED_LOCK(:name)', name=self._mark(name)) is not None

    @staticmethod
    def _mark(name):
        return 'nova_cascading_mark_{0}_{1}'.format(os.getpid(), name)

    @property
    def is_galera(self):
        """Builds for Galera say wsrep_on=ON without a cluster, too; they know one by its provider."""
        told = self.settings('VARIABLES', ['wsrep_on', 'wsrep_provider'])
        return told.get('wsrep_on') == 'ON' and told.get('wsrep_provider') not in ('', 'NONE')

    def refuse_unfit(self):
        reason = topology.why_out_of_cluster(self)
        if reason:
            raise base.StatementError(base.NOT_READY, '{0}: {1}'.format(self.connection.title, reason),
                                      base.HINTS[base.NOT_READY])
        reason = topology.why_read_only(self) or topology.why_replica(self)
        if reason:
            raise base.StatementError(base.READ_ONLY, '{0}: {1}'.format(self.connection.title, reason),
                                      base.HINTS[base.READ_ONLY])

    def doubt(self):
        return topology.doubt(self)

    def refuse_unprivileged(self):
        grants.refuse_lacking(self.connection, grants.CHANGES, may_probe=not self.is_galera)

    def strangers(self):
        return obstacles.strangers(self.connection)

    def refuse_in_the_way(self, missing):
        self.refuse_strangers()
        obstacles.refuse_while_copied(self.connection)
        obstacles.refuse_taken_index(self.connection, missing)

    def refuse_disturbing(self, missing, options):
        """What is foreseen here is what _gently() meets."""
        for table, _ in missing.columns:
            self._refuse_too_wide(table)
        in_place = not self.is_galera and obstacles.change_in_place(self.connection)
        new_columns = [table for table, _ in missing.columns + missing.moves]
        for table in missing.tables_to_change:
            if not in_place or table in new_columns and obstacles.keep_columns_from_coming_in_place(
                    self.connection, table):
                self.refuse_copy(table, options)

    def _refuse_too_wide(self, table):
        """Where this session may not go without strict mode (MySQL 8): tried on an empty copy that ends with it."""
        if self.set_session('innodb_strict_mode', '0'):
            return
        copy = 'nova_cascading_copy_of_' + table
        try:
            self.connection.rows('CREATE TEMPORARY TABLE {0} LIKE {1}'.format(copy, table))
            self.connection.rows('ALTER TABLE {0} ADD COLUMN {1} VARCHAR(36) NULL'.format(copy, base.COLUMN))
        except base.StatementError as error:
            if error.kind == base.TOO_WIDE:  # anything else the migration itself may meet otherwise
                raise

    def refuse_unchangeable(self):
        """:raises errors.CascadingError: a change made here would stay on this node of the cluster

        Sets this session so that it is carried to the whole cluster, and that old tables are taken as they are.
        """
        self.set_session('sql_mode', "''")  # dates and defaults that the tables have been allowed to have
        self.set_session('max_statement_time', '0')
        self.set_session('system_versioning_alter_history', "'KEEP'")
        if self.settings('VARIABLES', ['wsrep_osu_method']).get('wsrep_osu_method', 'TOI') != 'TOI':
            self.set_session('wsrep_OSU_method', "'TOI'")
        if not self.is_galera:
            return
        method = self.connection.value('SELECT @@SESSION.wsrep_OSU_method')
        if method != 'TOI':
            raise errors.CascadingError(
                '{0}: this Galera node would keep the change to itself (wsrep_OSU_method={1})'.format(
                    self.connection.title, method), "SET GLOBAL wsrep_OSU_method = 'TOI' there, then run this again")

    def set_session(self, name, value):
        """What this server does not know, or this user may not set, stays as it is."""
        statement = 'SET SESSION {0} = {1}'.format(name, value)
        return self.answer(lambda: self.connection.rows(statement)) is not None

    def prepare(self, options):
        self.connection.private()
        self.connection.rows('SET SESSION autocommit = 1')
        for name in ('lock_wait_timeout', 'innodb_lock_wait_timeout'):
            self._limit_wait(name, options.lock_wait_timeout)
        # This session is idle while others hold the table.
        self.set_session('wait_timeout', max(options.max_wait, 3600))
        self.refuse_unchangeable()

    def _limit_wait(self, name, seconds):
        """MySQL 5.1 can limit neither; who can, must: without a limit, all wait for as long as this one does."""
        statement = 'SET SESSION {0} = {1}'.format(name, seconds)
        try:
            self.connection.rows(statement)
            self.limits += (statement,)
        except base.StatementError as error:
            if error.kind != base.UNSUPPORTED:
                raise

    @contextlib.contextmanager
    def queue(self, worker):
        """One run at a time on each server; after an error, the connection ends and the lock with it.

        Galera orders changes itself, and Percona's cluster forbids such locks: there, the second run meets what the
        first has done.
        """
        if self.is_galera:
            yield
            return
        database = self.connection.value('SELECT DATABASE()')
        name = 'nova_cascading_' + hashlib.sha1(database.encode('utf-8')).hexdigest()
        worker.wait_for_turn(lambda: self.connection.value('SELECT GET_LOCK(:name, 1)', name=name) == 1,
                             lambda: self._holder(name))
        yield
        self.connection.rows('SELECT RELEASE_LOCK(:name)', name=name)

    def _holder(self, name):
        for number, host in self.connection.rows(
                'SELECT ID, HOST FROM information_schema.PROCESSLIST WHERE ID = IS_USED_LOCK(:name)', name=name):
            return 'connection {0} from {1}; to end it: KILL {0}'.format(number, errors.text(host))
        return 'connection {0}'.format(self.connection.value('SELECT IS_USED_LOCK(:name)', name=name))

    def holders(self, table):
        try:
            found = self.connection.rows(_OLDEST)
        except base.StatementError:  # what failed before tells more
            return None
        for number, host, seconds in found:
            return 'the oldest transaction is {0} s old: connection {1} from {2}'.format(
                seconds, number, errors.text(host))

    def add_columns(self, wanted, worker):
        for table, after in wanted:
            place = ' AFTER {0}'.format(after) if after else ''
            self._alter(worker, 'column:' + table, table, 'ADD COLUMN {0} VARCHAR(36) NULL{1}'.format(
                base.COLUMN, place))

    def move_column(self, table, after, worker):
        self._alter(worker, 'move:' + table, table, 'MODIFY COLUMN {0} VARCHAR(36) NULL AFTER {1}'.format(
            base.COLUMN, after))

    def add_index(self, worker):
        self._alter(worker, 'index', 'instances', 'ADD INDEX {0} ({1})'.format(base.INDEX, base.COLUMN), [_IN_PLACE])

    @contextlib.contextmanager
    def hold(self, tables):
        """Nobody else reads or writes these tables until the end of the block.

        A Galera cluster has no such locks, and Percona's forbids them: the block has to be short.
        """
        if self.is_galera:
            yield
            return
        self.connection.rows('LOCK TABLES ' + ', '.join('{0} WRITE'.format(table) for table in tables))
        yield
        self.connection.rows('UNLOCK TABLES')  # after an error, the connection ends and the locks with it

    def refuse_undroppable(self, tables, options):
        if not self.is_galera:  # see hold
            grants.refuse_lacking(self.connection, grants.LOCKS, may_probe=True)
        for table in tables:
            if obstacles.keep_column_from_going_at_once(self.connection, table):
                self.refuse_copy(table, options)

    def drop_columns(self, tables, worker):
        for index in obstacles.indexes_of_column(self.connection) if 'instances' in tables else ():
            self._alter(worker, 'drop-index', 'instances', 'DROP INDEX ' + index)
        # What may not be copied first: if the server refuses that all the same, no column has gone.
        for table in sorted(tables, key=lambda name: self.may_copy(name, worker.options)):
            # INSTANT, or a copy: the caller holds the tables.
            self._alter(worker, 'drop:' + table, table, 'DROP COLUMN ' + base.COLUMN, [_INSTANT])

    def _alter(self, worker, point, table, clause, manners=(_INSTANT, _IN_PLACE)):
        """Try the manners in their order, and without any (which may copy the table) only when that is allowed."""
        problem = None
        for manner in manners:
            if manner == _IN_PLACE and self.is_galera:
                continue  # the whole cluster would stand still for as long as it takes
            try:
                return self._in_any_width(worker, point, table, clause, manner)
            except base.StatementError as error:
                if error.kind not in (base.UNSUPPORTED, base.OTHER):
                    raise
                problem = error
        if problem and problem.kind == base.OTHER and not self.may_copy(table, worker.options):
            raise problem  # the server could, were it not for this
        self.refuse_copy(table, worker.options)
        return self._in_any_width(worker, point, table, clause, _ANY)

    def _in_any_width(self, worker, point, table, clause, manner):
        """Rows may be wider than strict mode allows now, when the table was made without it."""
        statement = 'ALTER TABLE {0} {1}{2}'.format(table, clause, ', ' + manner if manner else '')
        try:
            return worker.change(point, table, statement)
        except base.StatementError as error:
            if error.kind != base.TOO_WIDE or not self.set_session('innodb_strict_mode', '0'):
                raise
        return worker.change(point, table, statement)

    def size(self, table):
        """(rows, bytes) of a table, as the server estimates them."""
        return self.connection.rows(
            'SELECT TABLE_ROWS, DATA_LENGTH + INDEX_LENGTH FROM information_schema.TABLES '
            'WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = :name', name=table)[0]
