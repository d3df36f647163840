"""What every kind of database server has in common."""

import contextlib

from nova.cascading import errors, redact

TABLES = ('shadow_instances', 'instances')  # in the order of change: stock nova copies from the second to the first
COLUMN = 'mapping_uuid'
INDEX = 'instances_mapping_uuid_idx'
SMALL = 10000  # rows; copying as many takes a fifth of a second

# Kinds of refusal that the migration reacts to or explains.
STOPPED = 'stopped'  # by a person, or by a limit of the server's; what waits too long for a table is LOCKED
LOCKED, UNSUPPORTED, TOO_WIDE, EXISTS, PRIVILEGE, READ_ONLY, FULL, LOGIN, NO_DATABASE, NOT_READY, GONE, OTHER = (
    'locked', 'unsupported', 'too wide', 'exists', 'privilege', 'read only', 'full', 'login', 'no database',
    'not ready', 'gone', 'other')
NOT_NOW = (LOCKED, NOT_READY, GONE)  # says nothing about whether it can be done at another time

HINTS = {
    LOCKED: 'another session holds the table (a dump, a backup, a long transaction): run this again when it has '
            'ended (the server\'s administrator sees which it is: SHOW FULL PROCESSLIST, pg_stat_activity)',
    STOPPED: 'an administrator (KILL QUERY, pg_cancel_backend) or a time limit of the server has ended the statement: '
             'ask why, then run this again; what was done stays and is right',
    PRIVILEGE: 'let the database user alter, index and create tables of this database (see GRANT), or put another '
               'user\'s [database] connection into a FILE, then run this again with --config-file '
               '/etc/nova/nova.conf --config-file FILE',
    READ_ONLY: 'run this where nova writes: on the primary',
    FULL: 'free space on the database server, then run this again: what was done stays and is right',
    LOGIN: 'correct user or password in [database] connection of nova.conf (with cells also: nova-manage cell_v2 '
           'update_cell), or connection_parameters where the server lets this user in with TLS only',
    NO_DATABASE: 'create the database, or correct [database] connection of nova.conf',
    NOT_READY: 'bring this node back into its cluster, or name another one in [database] connection of nova.conf',
    GONE: 'see that the database server runs, then run this again: what was done stays and is right',
    TOO_WIDE: 'its table was made under laxer rules: ALTER TABLE ... ROW_FORMAT=DYNAMIC, or SET GLOBAL '
              'innodb_strict_mode=0 for as long as this runs, then run this again',
    OTHER: 'the server\'s own words above are the reason: mend that, then run this again',
}
NO_CONNECTION = ('see that the database server runs and accepts connections from this host, and that [database] '
                 'connection of nova.conf is right')


class StatementError(errors.CascadingError):
    """The server refused a statement; `kind` is one of the kinds above."""

    def __init__(self, kind, what, hint=None):
        errors.CascadingError.__init__(self, what, hint)
        self.kind = kind
        if kind in NOT_NOW:
            self.status = errors.Unreachable.status


class Table(object):
    """:param columns: names in their order
    :param mapping: (type, length, nullable) of the mapping column, or None
    """

    def __init__(self, columns, mapping=None):
        self.columns = columns
        self.mapping = mapping

    @property
    def others(self):
        return [name for name in self.columns if name != COLUMN]

    @property
    def after(self):
        """The column that stands before the mapping column."""
        return self.columns[self.columns.index(COLUMN) - 1]


class Server(object):
    """:param connection: connection.Connection"""

    can_place_columns = False  # anywhere but at the end
    before_change = ()  # statements to put before those of a change, in its transaction
    before_rows = ()  # the same, for a change of rows
    limits = ()  # statements that limit how long a session, or a transaction, waits for others

    def __init__(self, connection):
        self.connection = connection

    @contextlib.contextmanager
    def brief_transaction(self):
        """A transaction in which no other session waits for long."""
        with self.connection.transaction():
            for statement in self.before_change:
                self.connection.rows(statement)
            yield

    def settle(self):
        """Let this session have whole answers."""

    @classmethod
    def kind(cls, error):
        """Which of the kinds above the driver's error is."""
        raise NotImplementedError

    @classmethod
    def explain(cls, error, connection):
        """The driver's error on the way to a connection, as one of ours."""
        kind, words = cls._told(error)
        made = errors.Unreachable('{0}: {1}'.format(connection.title, words),
                                  NO_CONNECTION if kind in (GONE, OTHER) else HINTS.get(kind))
        made.kind = kind
        return made

    def statement_error(self, error):
        kind, words = self._told(error)
        return StatementError(kind, '{0}: {1}'.format(self.connection.title, words), HINTS.get(kind))

    @classmethod
    def _told(cls, error):
        """(kind, the server's words without passwords)"""
        driver = drivers_error(error)
        parts = (driver,) if isinstance(driver, UnicodeError) else getattr(driver, 'args', ()) or (driver,)
        words = ' '.join(errors.text(part).strip().replace('\t', ' ') for part in parts)
        return cls.kind(driver), redact.hide(words) or driver.__class__.__name__

    @staticmethod
    def answer(ask):
        """What a server answers, or None: it does not know the question, or does not let this user ask it.

        :raises StatementError: it cannot be asked now, which says nothing about what it would answer
        """
        try:
            return ask()
        except StatementError as error:
            if error.kind in NOT_NOW:
                raise
            return None

    def columns(self, table):
        """The names of its columns in their order; none when there is no such table."""
        raise NotImplementedError

    def indexes(self, table):
        """The list of columns of each of its indexes that serve to find a value in any row; '' for an expression."""
        raise NotImplementedError

    def has_table(self, name):
        return bool(self.columns(name))

    def table(self, name):
        """The Table of this name, or None."""
        columns = self.columns(name)
        return Table(columns, self.mapping_type(name) if COLUMN in columns else None) if columns else None

    def has_index(self):
        """Whether look-ups by the mapping column find an index."""
        return any(members[0] == COLUMN for members in self.indexes('instances'))

    def read(self, columns, rest, order, **values):
        """The rows of a SELECT, in the fastest way; numbers may come as text.

        :param columns: names of columns
        :param rest: the statement from FROM on
        :param order: names of columns to sort by
        """
        return self.connection.rows('SELECT {0} {1} ORDER BY {2}'.format(', '.join(columns), rest, order), **values)

    def identity(self):
        """What only connections to the same database answer (a list of plain values), but for clones of a server."""
        raise NotImplementedError

    def mark(self, name):
        """Leave a mark that connections to the same server see as long as this one lives."""

    def sees(self, name):
        """Whether there is such a mark; where the identity says enough, there is."""
        return True

    def refuse_unfit(self):
        """:raises errors.CascadingError: this server is a replica, takes no changes, or is out of its cluster"""

    def doubt(self):
        """What a person should know before this server is changed, as it does not tell; or None."""

    def refuse_unprivileged(self):
        """:raises errors.CascadingError: the database user may not do what is to be done"""

    def strangers(self):
        """[(name, what it is)] of all that has the name of one of nova's tables, and is none that could be changed."""
        raise NotImplementedError

    def refuse_strangers(self):
        """:raises errors.CascadingError: see strangers"""
        for name, kind in self.strangers():
            raise errors.CascadingError('{0}: {1} is {2}, and nova needs a table'.format(
                self.connection.title, name, kind), 'put the table back that nova made, then run this again')

    def refuse_in_the_way(self, missing):
        """:raises errors.CascadingError: something else has the place of what is missing

        :param missing: desired.Missing
        """

    def refuse_unchangeable(self):
        """:raises errors.CascadingError: what is changed here would not be changed for all"""

    def refuse_disturbing(self, missing, options):
        """:raises errors.CascadingError: it would stop others for long, and nobody has allowed that

        :param missing: migration.desired.Missing
        :param options: the group [cascading] of nova.conf
        """

    def refuse_undroppable(self, tables, options):
        """:raises errors.CascadingError: the column cannot go from each of these tables, or nobody has allowed how"""

    def may_copy(self, table, options):
        """Whether a table is small enough to be copied, or somebody has allowed that."""
        return options.allow_table_copy or self.is_small(table)

    def refuse_copy(self, table, options):
        """:raises errors.CascadingError: the table is large, and nobody has allowed to copy it"""
        if self.may_copy(table, options):
            return
        rows, size = self.size(table)
        raise errors.CascadingError(
            '{0}: this server can only change {1} by copying or locking it, and it has about {2} rows ({3} MB)'.format(
                self.connection.title, table, rows, int(size) // 2 ** 20),
            'choose a quiet hour, then run this again with --allow-table-copy, or with allow_table_copy = true under '
            '[cascading] in nova.conf')

    def holders(self, table):
        """Who holds up a change of a table, in words, as far as this user may know; or None."""

    def is_small(self, table):
        found = 'SELECT 1 FROM {0} LIMIT {1}'.format(table, SMALL + 1)
        return self.connection.value('SELECT COUNT(*) FROM ({0}) found'.format(found)) <= SMALL


def drivers_error(error):
    """The driver's own error inside what SQLAlchemy or oslo.db made of it."""
    while True:
        inner = getattr(error, 'orig', None) or getattr(error, 'inner_exception', None)
        if inner is None or inner is error:
            return error
        error = inner
