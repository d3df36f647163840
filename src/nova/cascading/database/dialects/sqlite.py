"""SQLite: one file, one writer."""

import contextlib
import os

from nova.cascading import errors
from nova.cascading.database.dialects import base

_KINDS = (('locked', base.LOCKED), ('readonly', base.READ_ONLY), ('read-only', base.READ_ONLY),
          ('duplicate column', base.EXISTS), ('already exists', base.EXISTS), ('disk is full', base.FULL),
          ('unable to open', base.NO_DATABASE))
_STRANGERS = """
    SELECT name, CASE type WHEN 'table' THEN 'a virtual table' WHEN 'index' THEN 'an index' ELSE 'a view' END
    FROM sqlite_master WHERE lower(name) IN ('instances', 'shadow_instances')
    AND (type IN ('view', 'index') OR type = 'table' AND sql LIKE 'CREATE VIRTUAL%')"""
_TAKEN_INDEX = "SELECT tbl_name FROM sqlite_master WHERE lower(name) = :name AND type <> 'trigger'"


class SQLite(base.Server):

    @classmethod
    def kind(cls, error):
        text = '{0}'.format(error).lower()
        for part, kind in _KINDS:
            if part in text:
                return kind
        return base.OTHER

    def columns(self, table):
        return [row[1].lower() for row in self._columns(table)]

    def _columns(self, table):
        return self.connection.rows('PRAGMA table_info({0})'.format(table))

    def mapping_type(self, table):
        for row in self._columns(table):
            if row[1].lower() == base.COLUMN:
                name, _, length = row[2].lower().rstrip(')').partition('(')
                return name, int(length or 0), not row[3]

    def indexes(self, table):
        return [[(member[2] or '').lower() for member in self.connection.rows('PRAGMA index_info({0})'.format(row[1]))]
                for row in self.connection.rows('PRAGMA index_list({0})'.format(table)) if not any(row[4:])]  # partial

    def identity(self):
        path = os.stat(self.connection.engine.url.database)
        return ['sqlite', path.st_dev, path.st_ino]

    def refuse_unprivileged(self):
        """SQLite writes into the directory as well."""
        path = self.connection.engine.url.database
        for place in (path, os.path.dirname(os.path.abspath(path))) if path and os.path.exists(path) else ():
            if not os.access(place, os.W_OK):
                raise base.StatementError(base.READ_ONLY, '{0}: you may not write to {1}'.format(
                    self.connection.title, place), 'run this as root or as the user nova')

    def strangers(self):
        return self.connection.rows(_STRANGERS)

    def refuse_in_the_way(self, missing):
        self.refuse_strangers()
        for table, in self.connection.rows(_TAKEN_INDEX, name=base.INDEX) if missing.index else ():
            if not self.has_index():  # else another run has made it in the meantime
                raise errors.CascadingError('{0}: something else is called {1} (see {2})'.format(
                    self.connection.title, base.INDEX, table), 'drop or rename that, then run this again')

    def prepare(self, options):
        self.connection.rows('PRAGMA busy_timeout = {0}'.format(options.lock_wait_timeout * 1000))

    @contextlib.contextmanager
    def queue(self, worker):
        """SQLite itself lets one writer in at a time."""
        yield

    def add_columns(self, wanted, worker):
        for table, _ in wanted:
            worker.change('column:' + table, table, 'ALTER TABLE {0} ADD COLUMN {1} VARCHAR(36)'.format(
                table, base.COLUMN))

    def add_index(self, worker):
        worker.change('index', 'instances', 'CREATE INDEX {0} ON instances ({1})'.format(base.INDEX, base.COLUMN))

    @contextlib.contextmanager
    def hold(self, tables):
        """Nobody else writes until the end of the block: an UPDATE, even of no row, takes the one write lock."""
        with self.connection.transaction():
            self.connection.rows('UPDATE instances SET id = id WHERE id < 0')
            yield

    def refuse_undroppable(self, tables, options):
        version = self.connection.value('SELECT sqlite_version()')
        if tuple(int(part) for part in version.split('.')) < (3, 35):
            raise errors.CascadingError(
                '{0}: SQLite {1} cannot drop columns'.format(self.connection.title, version),
                'leave them, stock nova ignores them; or run this with SQLite 3.35 or later')

    def drop_columns(self, tables, worker):
        for table in tables:
            for index in self._indexes_of_column(table):
                worker.change('drop-index', table, 'DROP INDEX "{0}"'.format(index.replace('"', '""')))
            worker.change('drop:' + table, table, 'ALTER TABLE {0} DROP COLUMN {1}'.format(table, base.COLUMN))

    def _indexes_of_column(self, table):
        """The names of those that have no other column; SQLite does not drop them with it."""
        for row in self.connection.rows('PRAGMA index_list({0})'.format(table)):
            name = row[1].replace("'", "''")
            if [member[2] for member in self.connection.rows("PRAGMA index_info('{0}')".format(name))] == [base.COLUMN]:
                yield row[1]
