"""What a database lacks.

The desired state: the column mapping_uuid in `instances` and `shadow_instances`, at the same position (nova archives
rows by position up to 2014.2), and an index on it in `instances`.
"""

from nova.cascading import errors
from nova.cascading.database.dialects import base

TABLES = base.TABLES


class Missing(object):
    """What is missing: `columns` [(table, after or None)], `moves` [(table, after)], `index` (bool)."""

    def __init__(self, server):
        """:raises errors.Uninitialised: there are no tables yet
        :raises errors.CascadingError: a table or column of this name is there, but is something else
        """
        self.tables = dict((name, server.table(name)) for name in TABLES)
        self._refuse_unknown(server)
        lacking = [name for name in TABLES if not self.tables[name].mapping]
        self.columns = [(name, self._place(name) if server.can_place_columns else None) for name in lacking]
        self.moves = [] if lacking or not server.can_place_columns else self._misplaced()
        self.index = not server.has_index()

    def __bool__(self):
        return bool(self.columns or self.moves or self.index)

    __nonzero__ = __bool__

    @property
    def tables_to_change(self):
        """The names of the tables that something has to be done to, in the order in which it is done."""
        names = [name for name, _ in self.columns + self.moves] + ['instances'] * self.index
        return [name for name in TABLES if name in names]

    @property
    def endangers_services(self):
        """Whether nova of the fork fails on such a database (without the index it is just slow)."""
        return bool(self.columns)

    def __str__(self):
        parts = ['column {0}.{1}'.format(name, base.COLUMN) for name, _ in self.columns]
        parts += ['place of column {0}.{1}'.format(name, base.COLUMN) for name, _ in self.moves]
        return ', '.join(parts + (['index on instances.' + base.COLUMN] if self.index else []))

    def _refuse_unknown(self, server):
        title = server.connection.title
        missing = [name for name in TABLES if self.tables[name] is None]
        if missing:
            server.refuse_strangers()
            raise errors.Uninitialised('{0}: has no table {1}: nova has not been set up in it'.format(
                title, ' and no table '.join(missing)), 'run: nova-manage db sync')
        for name in TABLES:
            kind = self.tables[name].mapping
            if kind and not (kind[0] in ('varchar', 'char') and kind[1] >= 36 and kind[2]):
                raise errors.CascadingError(
                    '{0}: {1}.{2} is {3}({4}){5}, not a nullable varchar(36): somebody else made it'.format(
                        title, name, base.COLUMN, kind[0], kind[1], '' if kind[2] else ' NOT NULL'),
                    'rename or change that column, then run this again')

    def _place(self, name):
        """Behind the column that it follows in the other table; None: at the end."""
        table, other = [self.tables[one] for one in (name, TABLES[name == TABLES[0]])]
        if not other.mapping or other.after not in table.columns or other.after == table.columns[-1]:
            return None
        return other.after

    def _misplaced(self):
        shadow, main = [self.tables[name] for name in TABLES]
        if shadow.others != main.others or shadow.after == main.after:
            return []
        return [(TABLES[0], main.after)]


def lack(opened):
    """The question to a database what it lacks, whose answer is plain data.

    :param opened: connection.Connection
    :returns: (what is missing in words, whether services fail without it)
    """
    missing = Missing(opened.server)
    return str(missing), missing.endangers_services
