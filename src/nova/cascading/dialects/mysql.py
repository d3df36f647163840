"""MariaDB and MySQL: change a table in the least disturbing way that the server offers."""

import contextlib
import hashlib
import itertools

from nova.cascading import errors
from nova.cascading.dialects import base

_KINDS = {1205: base.LOCKED, 1213: base.LOCKED, 3572: base.LOCKED,
          1064: base.UNSUPPORTED, 1235: base.UNSUPPORTED, 1800: base.UNSUPPORTED, 1845: base.UNSUPPORTED,
          1846: base.UNSUPPORTED, 1060: base.EXISTS, 1061: base.EXISTS,
          1044: base.PRIVILEGE, 1142: base.PRIVILEGE, 1143: base.PRIVILEGE, 1227: base.PRIVILEGE,
          1290: base.READ_ONLY, 1792: base.READ_ONLY, 1836: base.READ_ONLY,
          3: base.FULL, 1021: base.FULL, 1026: base.FULL, 1030: base.FULL, 1114: base.FULL, 3019: base.FULL,
          1045: base.LOGIN, 1698: base.LOGIN, 1049: base.NO_DATABASE, 1047: base.NOT_READY}
_IN_PLACE = 'ALGORITHM=INPLACE', 'LOCK=NONE'


class MySQL(base.Server):

    can_place_columns = True

    @classmethod
    def kind(cls, error):
        code = (getattr(error, 'args', None) or [None])[0]
        return _KINDS.get(code, base.OTHER)

    def columns(self, table):
        return [row[0] for row in self.connection.rows(
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
            'AND TABLE_NAME = :name ORDER BY INDEX_NAME, SEQ_IN_INDEX', name=table)
        return [[row[1] for row in group] for _, group in itertools.groupby(rows, lambda row: row[0])]

    def _settings(self, what, names):
        listed = ', '.join("'{0}'".format(name) for name in names)
        rows = self.connection.rows('SHOW GLOBAL {0} WHERE Variable_name IN ({1})'.format(what, listed))
        return dict((name.lower(), value.upper()) for name, value in rows)

    @property
    def is_galera(self):
        return self._settings('VARIABLES', ['wsrep_on']).get('wsrep_on') == 'ON'

    def refuse_unfit(self):
        """:raises errors.CascadingError: this server is a replica, takes no changes, or is out of its cluster"""
        reason = self._why_read_only() or self._why_replica() or self._why_out_of_cluster()
        if reason:
            kind = base.NOT_READY if 'Galera' in reason else base.READ_ONLY
            raise errors.CascadingError('{0}: {1}'.format(self.connection.title, reason), base.HINTS[kind])

    def _why_read_only(self):
        settings = self._settings('VARIABLES', ['read_only', 'super_read_only', 'innodb_read_only'])
        for name in sorted(settings):
            if settings[name] not in ('OFF', '0'):
                return 'this server takes no changes ({0}={1}), as replicas do'.format(name, settings[name])

    def _why_replica(self):
        """A server that replicates from another one, unless others replicate from it in turn (two masters)."""
        status = self._settings('STATUS', ['Slaves_running', 'Slave_running', 'Slaves_connected'])
        follows = status.get('slaves_running', '0') != '0' or status.get('slave_running') == 'ON'
        if follows and status.get('slaves_connected', '0') == '0':
            return 'this server is a replica of another one'

    def _why_out_of_cluster(self):
        if not self.is_galera:
            return None
        status = self._settings('STATUS', ['wsrep_ready', 'wsrep_cluster_status', 'wsrep_local_state_comment'])
        wanted = {'wsrep_ready': 'ON', 'wsrep_cluster_status': 'PRIMARY', 'wsrep_local_state_comment': 'SYNCED'}
        for name in sorted(wanted):
            if status.get(name) != wanted[name]:
                return 'this Galera node is not ready: {0} is {1}'.format(name, status.get(name, 'unknown'))

    def prepare(self, options):
        self.connection.private()
        self.connection.rows('SET SESSION autocommit = 1')
        for name in ('lock_wait_timeout', 'innodb_lock_wait_timeout'):
            self.connection.rows('SET SESSION {0} = {1}'.format(name, options.lock_wait_timeout))

    @contextlib.contextmanager
    def queue(self, say):
        """One run at a time on each server; after an error, the connection ends and the lock with it."""
        database = self.connection.value('SELECT DATABASE()')
        name = 'nova_cascading_' + hashlib.sha1(database.encode('utf-8')).hexdigest()
        turns = 0
        while self.connection.value('SELECT GET_LOCK(:name, 1)', name=name) != 1:
            if turns % 10 == 0:
                say('{0}: another run changes it; waiting for that one to end'.format(self.connection.title))
            turns += 1
        yield
        self.connection.rows('SELECT RELEASE_LOCK(:name)', name=name)

    def add_columns(self, wanted, worker):
        for table, after in wanted:
            place = ' AFTER {0}'.format(after) if after else ''
            self._alter(worker, 'column:' + table, table, 'ADD COLUMN {0} VARCHAR(36) NULL{1}'.format(
                base.COLUMN, place))

    def move_column(self, table, after, worker):
        self._alter(worker, 'move:' + table, table, 'MODIFY COLUMN {0} VARCHAR(36) NULL AFTER {1}'.format(
            base.COLUMN, after))

    def add_index(self, worker):
        statement = 'CREATE INDEX {0} ON instances ({1})'.format(base.INDEX, base.COLUMN)
        self._gently(worker, 'index', 'instances', statement, [' ' + ' '.join(_IN_PLACE)])

    def drop_index(self, worker):
        self._alter(worker, 'drop-index', 'instances', 'DROP INDEX {0}'.format(base.INDEX))

    @contextlib.contextmanager
    def hold(self, tables):
        """Nobody else reads or writes these tables until the end of the block."""
        self.connection.rows('LOCK TABLES ' + ', '.join('{0} WRITE'.format(table) for table in tables))
        yield
        self.connection.rows('UNLOCK TABLES')  # after an error, the connection ends and the locks with it

    def drop_columns(self, tables, worker):
        for table in tables:  # INSTANT or not at all: the caller holds the tables
            self._gently(worker, 'drop:' + table, table, 'ALTER TABLE {0} DROP COLUMN {1}'.format(table, base.COLUMN),
                         [', ALGORITHM=INSTANT'])

    def _alter(self, worker, point, table, clause):
        statement = 'ALTER TABLE {0} {1}'.format(table, clause)
        self._gently(worker, point, table, statement, [', ALGORITHM=INSTANT', ', ' + ', '.join(_IN_PLACE)])

    def _gently(self, worker, point, table, statement, manners):
        """Try the manners in their order, and without any (which may copy the table) only when that is allowed."""
        for manner in manners:
            if 'INPLACE' in manner and self.is_galera:
                continue  # the whole cluster would stand still for as long as it takes
            try:
                return worker.change(point, table, statement + manner)
            except base.StatementError as error:
                if error.kind != base.UNSUPPORTED:
                    raise
        worker.may_copy(table, self)
        return worker.change(point, table, statement)

    def size(self, table):
        """(rows, bytes) of a table, as the server estimates them."""
        return self.connection.rows(
            'SELECT TABLE_ROWS, DATA_LENGTH + INDEX_LENGTH FROM information_schema.TABLES '
            'WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = :name', name=table)[0]
