"""PostgreSQL: adding a nullable column is instant, an index can be built concurrently."""

import contextlib
import itertools
import time

from nova.cascading import errors
from nova.cascading.dialects import base

_KINDS = {'55P03': base.LOCKED, '57014': base.LOCKED, '40P01': base.LOCKED, '42701': base.EXISTS, '42P07': base.EXISTS,
          '42501': base.PRIVILEGE, '25006': base.READ_ONLY, '53100': base.FULL, '28P01': base.LOGIN,
          '28000': base.LOGIN, '3D000': base.NO_DATABASE}
_TEXTS = (('password authentication failed', base.LOGIN), ('does not exist', base.NO_DATABASE))
_LOCK = 'hashtext(current_database()), hashtext(:name)'
_LOCK_NAME = {'name': 'nova_cascading'}
_INDEXES = '''
    SELECT i.indexrelid, i.indisvalid, CAST(CAST(i.indexrelid AS regclass) AS text), a.attname FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid AND c.relname = :table AND pg_table_is_visible(c.oid)
    JOIN pg_attribute a ON a.attrelid = i.indexrelid ORDER BY i.indexrelid, a.attnum'''
_ATTRIBUTES = '''
    SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relname = :table AND c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid)
    AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum'''


class PostgreSQL(base.Server):

    @classmethod
    def kind(cls, error):
        code = getattr(error, 'pgcode', None) or getattr(error, 'sqlstate', None)
        if code:
            return _KINDS.get(code, base.OTHER)
        for part, kind in _TEXTS:
            if part in '{0}'.format(error):
                return kind
        return base.OTHER

    def columns(self, table):
        return [row[0] for row in self.connection.rows(_ATTRIBUTES, table=table)]

    def mapping_type(self, table):
        for column, kind, required in self.connection.rows(_ATTRIBUTES, table=table):
            if column == base.COLUMN:
                name, _, length = kind.rstrip(')').partition('(')
                return 'varchar' if name == 'character varying' else name, int(length or 0), not required

    def indexes(self, table):
        valid = [row for row in self.connection.rows(_INDEXES, table=table) if row[1]]
        return [[row[3] for row in rows] for _, rows in itertools.groupby(valid, lambda row: row[0])]

    def refuse_unfit(self):
        """:raises errors.CascadingError: this server is a standby, or takes no changes"""
        standby = self.connection.value('SELECT pg_is_in_recovery()')
        if standby or self.connection.value('SHOW transaction_read_only') == 'on':
            raise errors.CascadingError(
                '{0}: this server is {1}'.format(self.connection.title, 'a standby' if standby else 'read-only'),
                base.HINTS[base.READ_ONLY])

    def prepare(self, options):
        self.connection.private()
        self._wait_at_most(options.lock_wait_timeout)

    def _wait_at_most(self, seconds):
        try:
            self.connection.rows("SET lock_timeout = '{0}s'".format(seconds))
        except base.StatementError:  # before 9.3
            self.connection.rows("SET statement_timeout = '{0}s'".format(seconds))

    @contextlib.contextmanager
    def queue(self, say):
        """Ask again and again: a session that waits inside the server would hold up CREATE INDEX CONCURRENTLY."""
        turns = 0
        while not self.connection.value('SELECT pg_try_advisory_lock({0})'.format(_LOCK), **_LOCK_NAME):
            if turns % 40 == 0:
                say('{0}: another run changes it; waiting for that one to end'.format(self.connection.title))
            turns += 1
            time.sleep(0.25)
        yield
        self.connection.rows('SELECT pg_advisory_unlock({0})'.format(_LOCK), **_LOCK_NAME)

    def add_columns(self, wanted, worker):
        tables = [table for table, _ in wanted]
        worker.change('column:' + '+'.join(tables), ' and '.join(tables), *[
            'ALTER TABLE {0} ADD COLUMN {1} VARCHAR(36)'.format(table, base.COLUMN) for table in tables])

    def add_index(self, worker):
        self.connection.driver_connection.autocommit = True  # no index is built concurrently in a transaction
        for _, is_valid, name, column in self.connection.rows(_INDEXES, table='instances'):
            if column == base.COLUMN and not is_valid:  # left over from a run that was interrupted
                self.connection.rows('DROP INDEX CONCURRENTLY {0}'.format(name))
        # Waits for old transactions without holding up anyone, so it may wait for longer.
        self._wait_at_most(worker.options.lock_wait_timeout * max(worker.options.lock_retries, 1))
        worker.change('index', 'instances', 'CREATE INDEX CONCURRENTLY {0} ON instances ({1})'.format(
            base.INDEX, base.COLUMN))

    def drop_index(self, worker):
        worker.change('drop-index', 'instances', 'DROP INDEX {0}'.format(base.INDEX))

    @contextlib.contextmanager
    def hold(self, tables):
        """Nobody else reads or writes these tables until the end of the block, which is one transaction."""
        with self.connection.transaction():
            self.connection.rows('LOCK TABLE {0} IN ACCESS EXCLUSIVE MODE'.format(', '.join(tables)))
            yield

    def drop_columns(self, tables, worker):
        for table in tables:
            worker.change('drop:' + table, table, 'ALTER TABLE {0} DROP COLUMN {1}'.format(table, base.COLUMN))
