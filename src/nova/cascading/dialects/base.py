"""What every kind of database server has in common."""

from nova.cascading import errors, redact

COLUMN = 'mapping_uuid'
INDEX = 'instances_mapping_uuid_idx'
SMALL = 10000  # rows; copying as many takes a fifth of a second

# Kinds of refusal that the migration reacts to or explains.
LOCKED, UNSUPPORTED, EXISTS, PRIVILEGE, READ_ONLY, FULL, LOGIN, NO_DATABASE, NOT_READY, OTHER = (
    'locked', 'unsupported', 'exists', 'privilege', 'read only', 'full', 'login', 'no database', 'not ready', 'other')

HINTS = {
    LOCKED: 'another transaction holds the table: run this again when it has ended',
    PRIVILEGE: 'let the database user alter, index and create tables of this database (see GRANT), or name another '
               'user with --config-file, then run this again',
    READ_ONLY: 'run this where nova writes: on the primary',
    FULL: 'free space on the database server, then run this again: nothing was changed',
    LOGIN: 'correct user or password in [database] connection of nova.conf (with cells also: nova-manage cell_v2 '
           'update_cell)',
    NO_DATABASE: 'create the database, or correct [database] connection of nova.conf',
    NOT_READY: 'bring this node back into its cluster, or name another one in [database] connection of nova.conf',
    OTHER: 'see that the database server runs and accepts connections from this host',
}


class StatementError(errors.CascadingError):
    """The server refused a statement; `kind` is one of the kinds above."""

    def __init__(self, kind, what, hint=None):
        self.kind = kind
        errors.CascadingError.__init__(self, what, hint)


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

    def __init__(self, connection):
        self.connection = connection

    @classmethod
    def kind(cls, error):
        """Which of the kinds above the driver's error is."""
        raise NotImplementedError

    @classmethod
    def explain(cls, error, connection, make):
        """The driver's error as one of ours: `make(what, hint)`."""
        driver = drivers_error(error)
        text = ' '.join('{0}'.format(part).strip() for part in getattr(driver, 'args', ()) or (driver,))
        return make('{0}: {1}'.format(connection.title, redact.hide(text) or driver.__class__.__name__),
                    HINTS.get(cls.kind(driver)))

    def statement_error(self, error):
        kind = self.kind(drivers_error(error))
        return self.explain(error, self.connection, lambda what, hint: StatementError(kind, what, hint))

    def columns(self, table):
        """The names of its columns in their order; none when there is no such table."""
        raise NotImplementedError

    def indexes(self, table):
        """The list of columns of each of its indexes."""
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
