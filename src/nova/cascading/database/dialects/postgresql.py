"""PostgreSQL: adding a nullable column is instant, an index can be built concurrently."""

import contextlib
import itertools
import threading

from nova.cascading import errors
from nova.cascading.database.dialects import base, catalog

_KINDS = {'55P03': base.LOCKED, '40P01': base.LOCKED, '57014': base.STOPPED, '42701': base.EXISTS,
          '42P07': base.EXISTS, '42501': base.PRIVILEGE, '25006': base.READ_ONLY, '53100': base.FULL,
          '28P01': base.LOGIN, '28000': base.LOGIN, '3D000': base.NO_DATABASE, '57P01': base.GONE, '57P02': base.GONE,
          '57P03': base.GONE, '53300': base.GONE}
_TEXTS = (('password authentication failed', base.LOGIN), ('does not exist', base.NO_DATABASE))
_LOCK = 'hashtext(current_database()), hashtext(:name)'
_LOCK_NAME = {'name': 'nova_cascading'}
_INDEXES = """
    SELECT i.indexrelid, i.indisvalid, CAST(CAST(i.indexrelid AS regclass) AS text), a.attname FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid AND c.relname = :table AND pg_table_is_visible(c.oid)
    JOIN pg_class n ON n.oid = i.indexrelid AND i.indpred IS NULL
    JOIN pg_am m ON m.oid = n.relam AND m.amname IN ('btree', 'hash')
    JOIN pg_attribute a ON a.attrelid = i.indexrelid ORDER BY i.indexrelid, a.attnum"""
_ATTRIBUTES = """
    SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relname = :table AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_table_is_visible(c.oid)
    AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""
_KIND = """
    SELECT c.relkind FROM pg_class c WHERE c.relname = 'instances' AND pg_table_is_visible(c.oid)"""
_SIZE = """
    SELECT CAST(SUM(c.reltuples) AS bigint), SUM(pg_total_relation_size(c.oid)) FROM pg_class c
    WHERE c.oid IN (SELECT CAST(:name AS regclass) UNION SELECT inhrelid FROM pg_inherits
                    WHERE inhparent = CAST(:name AS regclass))"""
# Whoever builds, drops or vacuums holds this; somebody else's unfinished index is no debris. An autovacuum, which is
# nobody's from PostgreSQL 10 on, gives way.
_BUILDERS = """
    SELECT l.pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_stat_activity a ON a.{0} = l.pid
    WHERE c.relname = 'instances' AND pg_table_is_visible(c.oid) AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.pid <> pg_backend_pid()
    AND a.usesysid IS NOT NULL"""
_HOLDER = """
    SELECT a.{0}, a.client_addr, a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.{0} = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objid = CAST(CAST(hashtext(:name) AS bit(32)) AS bigint)
    AND a.datname = current_database()"""
_OLDEST = """
    SELECT {0}, client_addr, CAST(extract(epoch FROM now() - xact_start) AS int) FROM pg_stat_activity
    WHERE datname = current_database() AND {0} <> pg_backend_pid() AND xact_start IS NOT NULL
    ORDER BY xact_start LIMIT 1"""
_HARMLESS = 20  # times lock_wait_timeout: how long a wait may be that holds up nobody
# Of those that a role may have, what this server knows; {0}: whether for this transaction only.
_UNLIMITED = """
    SELECT set_config(name, '0', {0}) FROM pg_settings
    WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout',
                   'idle_session_timeout')"""


def _commit_at_once(driver, is_on):
    """psycopg2 before 2.4.2 takes no notice of the attribute; it has a level for that: 0, and 1 to begin with."""
    if hasattr(driver.__class__, 'autocommit') or not hasattr(driver, 'set_isolation_level'):
        driver.autocommit = is_on
    else:
        driver.set_isolation_level(0 if is_on else 1)


class PostgreSQL(base.Server):

    # As of those that are not asked for their version.
    has_lock_timeout = drops_concurrently = True
    process = 'pid'  # what pg_stat_activity calls the number of a process

    @classmethod
    def kind(cls, error):
        code = getattr(error, 'pgcode', None) or getattr(error, 'sqlstate', None)
        if code:
            return base.GONE if code.startswith('08') else _KINDS.get(code, base.OTHER)
        for part, kind in _TEXTS:
            if part in errors.text(error):
                return kind
        if isinstance(error, UnicodeError):  # bytes in a column that are no text
            return base.OTHER
        return base.GONE  # the server gives each of its own errors a code

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

    def identity(self):
        return ['postgresql'] + [errors.text(part) for part in self.connection.rows(
            "SELECT pg_postmaster_start_time() AT TIME ZONE 'UTC', current_database()")[0]]

    def refuse_unfit(self):
        standby = self.connection.value('SELECT pg_is_in_recovery()')
        if standby or self.connection.value('SHOW transaction_read_only') == 'on':
            raise base.StatementError(base.READ_ONLY, '{0}: this server is {1}'.format(
                self.connection.title, 'a standby' if standby else 'read-only'), base.HINTS[base.READ_ONLY])

    def strangers(self):
        return catalog.strangers(self.connection)

    def refuse_unprivileged(self):
        catalog.refuse_unprivileged(self.connection)

    def refuse_in_the_way(self, missing):
        self.refuse_strangers()
        catalog.refuse_taken_index(self.connection, missing)

    def refuse_disturbing(self, missing, options):
        if missing.index and self._is_partitioned:
            self.refuse_copy('instances', options)

    @property
    def _is_partitioned(self):
        """Such a table gets no index CONCURRENTLY."""
        return self.connection.value(_KIND) == 'p'

    def size(self, table):
        """(rows, bytes) of a table, as the server estimates them."""
        return [max(value or 0, 0) for value in self.connection.rows(_SIZE, name=table)[0]]

    def prepare(self, options):
        """Behind a pooler nothing is set for longer than a transaction: the session is somebody else's afterwards."""
        self.connection.private()
        self.seconds = options.lock_wait_timeout
        version = int(self.connection.value('SHOW server_version_num'))
        self.has_lock_timeout, self.drops_concurrently = version >= 90300, version >= 90200
        self.process = 'pid' if version >= 90200 else 'procpid'
        self.is_pooled = self._pooled()
        if not self.is_pooled:  # between its transactions, too, this session waits for others
            self.connection.rows(_UNLIMITED.format('false'))

    def _pooled(self):
        """Whether a pooler stands between: it gives its clients process numbers of its own."""
        driver = self.connection.driver_connection
        told = getattr(driver, 'get_backend_pid', None) or (lambda: driver.info.backend_pid)
        try:
            return told() != self.connection.value('SELECT pg_backend_pid()')
        except AttributeError:  # another driver
            return True

    @property
    def before_change(self):
        """What holds for one transaction."""
        return [_UNLIMITED.format('true'), "SET LOCAL {0} = '{1}s'".format(
            'lock_timeout' if self.has_lock_timeout else 'statement_timeout', self.seconds)]

    limits = before_change

    def statement_error(self, error):
        """Before 9.3, a limit to statements is our only limit to waits."""
        made = base.Server.statement_error(self, error)
        if made.kind == base.STOPPED and not self.has_lock_timeout:
            return base.StatementError(base.LOCKED, made.what, base.HINTS[base.LOCKED])
        return made

    @contextlib.contextmanager
    def queue(self, worker):
        """One run at a time. A session that waited inside the server would hold up CREATE INDEX CONCURRENTLY.

        Behind a pooler the lock could stay with a session that the pooler keeps: there, the second run meets what the
        first has done.
        """
        if self.is_pooled:
            yield
            return
        worker.wait_for_turn(lambda: self.connection.value('SELECT pg_try_advisory_lock({0})'.format(_LOCK),
                                                           **_LOCK_NAME), self._holder)
        yield
        self.connection.rows('SELECT pg_advisory_unlock({0})'.format(_LOCK), **_LOCK_NAME)

    def _holder(self):
        for number, address, program in self.connection.rows(_HOLDER.format(self.process), **_LOCK_NAME):
            return 'process {0} of the server, for {1} {2}; to end it: SELECT pg_terminate_backend({0})'.format(
                number, address or 'a local client', errors.text(program or '')).replace(' ;', ';')
        return 'it has ended just now'

    def holders(self, table):
        for number, address, seconds in self.connection.rows(_OLDEST.format(self.process)):
            return 'the oldest transaction is {0} s old: process {1} of the server, for {2}'.format(
                seconds, number, address or 'a local client')

    def add_columns(self, wanted, worker):
        tables = catalog.heirs_first(self.connection, [table for table, _ in wanted])
        worker.change('column:' + '+'.join(tables), ' and '.join(tables), *[
            'ALTER TABLE {0} ADD COLUMN {1} VARCHAR(36)'.format(table, base.COLUMN) for table in tables])

    def add_index(self, worker):
        statement = 'CREATE INDEX {0}{1} ON instances ({2})'
        if self._is_partitioned:
            self.refuse_copy('instances', worker.options)
        # What takes no time leaves no half of an index when it fails.
        if self._is_partitioned or self.is_small('instances'):
            debris = ['DROP INDEX ' + name for name in self._debris()]
            worker.change('index', 'instances', *debris + [statement.format('', base.INDEX, base.COLUMN)])
            return
        try:
            worker.change('index', 'instances', statement.format('CONCURRENTLY ', base.INDEX, base.COLUMN),
                          run=lambda statements: self._concurrently(worker, statements))
        except base.StatementError:
            self._leave_no_debris(worker)
            raise

    def _debris(self):
        """What is left of our index where it could not be built; nobody uses it, and each write pays for it."""
        return [name for _, is_valid, name, column in self.connection.rows(_INDEXES, table='instances')
                if not is_valid and column == base.COLUMN and name.rpartition('.')[2] == base.INDEX]

    def _concurrently(self, worker, statements):
        """Run statements that are transactions of their own; they wait for old transactions, and hold up nobody."""
        debris = self._debris()
        if debris and self.connection.rows(_BUILDERS.format(self.process)):
            raise base.StatementError(base.LOCKED, '{0}: another process of the server changes instances'.format(
                self.connection.title), base.HINTS[base.LOCKED])
        if not self.drops_concurrently:
            worker.together(['DROP INDEX ' + name for name in debris])
            debris = []
        with self._alone(worker):
            for statement in ['DROP INDEX CONCURRENTLY ' + name for name in debris] + list(statements):
                self.connection.rows(statement)

    @contextlib.contextmanager
    def _alone(self, worker):
        """Without a transaction, and with a limit: of the session to each wait, or else of this process to all of it.

        The first must not cut work short, so there may be several attempts; the second does, so there is one.
        """
        driver, left = self.connection.driver_connection, max(worker.left, self.seconds)
        limits_waits = self.has_lock_timeout and not self.is_pooled
        timer = None
        _commit_at_once(driver, True)
        try:
            if limits_waits:
                self.connection.rows("SET lock_timeout = '{0}s'".format(
                    min(self.seconds * _HARMLESS, left)))
            else:
                timer = self._ended_after(left, driver, worker)
            yield
        except base.StatementError as error:
            if limits_waits or worker.left or error.kind not in (base.LOCKED, base.STOPPED):
                raise
            raise self._too_late(left, worker)
        finally:
            if timer:
                timer.cancel()
            self._in_transactions_again(driver)

    def _ended_after(self, seconds, driver, worker):
        """The started Timer of what the driver will be at; None: psycopg2 before 2.3 cannot be told to end it."""
        timer = threading.Timer(seconds, driver.cancel) if hasattr(driver, 'cancel') else None
        worker.say('{0}: this may wait for older transactions, {1}'.format(
            self.connection.title, '{0} s at most'.format(seconds) if timer else 'as long as they last'))
        if timer:
            timer.start()
        return timer

    def _too_late(self, seconds, worker):
        who = worker.told(lambda: self.holders('instances'))
        return base.StatementError(base.LOCKED, '{0}: the index was not ready within {1} s{2}'.format(
            self.connection.title, seconds, ' ({0})'.format(who) if who else ''),
            'another transaction holds it up, or it takes longer: end that one, or raise max_wait under [cascading] in '
            'nova.conf; then run this again')

    @staticmethod
    def _in_transactions_again(driver):
        try:
            _commit_at_once(driver, False)
        except Exception:  # the connection is gone: the first error tells more
            pass

    def _leave_no_debris(self, worker):
        try:
            self._concurrently(worker, [])
        except base.StatementError:  # the next run does it
            pass

    @contextlib.contextmanager
    def hold(self, tables):
        """Nobody else reads or writes these tables until the end of the block, which is one transaction."""
        with self.brief_transaction():
            self.connection.rows('LOCK TABLE {0} IN ACCESS EXCLUSIVE MODE'.format(', '.join(tables)))
            yield

    def drop_columns(self, tables, worker):
        """Their indexes go with them."""
        for table in reversed(catalog.heirs_first(self.connection, tables)):
            worker.change('drop:' + table, table, 'ALTER TABLE {0} DROP COLUMN {1}'.format(table, base.COLUMN))
