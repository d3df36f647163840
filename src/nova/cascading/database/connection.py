"""One connection to a database, the same for SQLAlchemy 0.7.8 to 2.0: every statement is its own transaction."""

import contextlib
import os

import sqlalchemy

from nova.cascading import errors
from nova.cascading.database import silence
from nova.cascading.database.dialects import choice

STATE_PATH = '/var/lib/nova'  # where distributions' nova.conf, and nova itself, put a database that nobody has named


@contextlib.contextmanager
def opened(database, timeout=10, is_patient=False):
    """A Connection to one of nova's databases.

    :param database: databases.Database
    :param timeout: seconds to wait for the server to let us in
    :param is_patient: whether a statement may take as long as it takes, as changes of tables do
    :raises errors.Unreachable: it cannot be reached, or does not let us in
    :raises errors.MissingFile: it is an SQLite file that does not exist (connecting would create it)
    """
    connection = Connection(database.engine(timeout, is_patient), str(database))
    try:
        yield connection
    finally:
        connection.close()


class Connection(object):
    """:param engine: an SQLAlchemy engine
    :param title: what to call the database in messages
    """

    def __init__(self, engine, title):
        self.engine = engine
        self.title = title
        self.dialect = engine.dialect.name
        self._is_inside = False
        _refuse_missing_file(engine, title)
        server = choice.server_class(self)
        try:
            self._connection = engine.connect()
        except Exception as error:  # drivers, SQLAlchemy and oslo.db raise unrelated classes
            raise server.explain(error, self)
        self.server = server(self)
        self.server.settle()

    def close(self):
        self._connection.close()

    def private(self):
        """Take the connection out of its pool, so that what is set in it ends with it."""
        self._connection.detach()
        silence.notice_end(self.driver_connection)

    @property
    def driver_connection(self):
        """The driver's own connection object."""
        pooled = self._connection.connection
        return getattr(pooled, 'dbapi_connection', None) or pooled.connection

    @contextlib.contextmanager
    def transaction(self):
        """What runs inside takes effect at its end, or not at all; inside another one it is a part of that."""
        if self._is_inside:
            yield
            return
        try:
            transaction = self._connection.begin()
        except Exception as error:  # drivers, SQLAlchemy and oslo.db raise unrelated classes
            raise self.server.statement_error(error)
        self._is_inside = True
        try:
            yield
            self._end(transaction.commit)
        except BaseException:
            self._undo(transaction)
            raise
        finally:
            self._is_inside = False

    def _end(self, commit):
        try:
            commit()
        except Exception as error:
            raise self.server.statement_error(error)

    @staticmethod
    def _undo(transaction):
        try:
            transaction.rollback()
        except Exception:  # the server is gone: the first error tells more
            pass

    def _execute(self, statement, values, read):
        """:param read: function that takes from the result what is wanted; drivers may fail there, too"""
        try:
            return read(self._connection.execute(sqlalchemy.text(statement), values))
        except Exception as error:
            raise self.server.statement_error(error)

    def rows(self, statement, **values):
        """What a statement returns, as a list of rows.

        :raises dialects.base.StatementError: the server refuses; its `kind` says why
        """
        with self.transaction():
            return self._execute(statement, values, lambda result: [tuple(row) for row in result.fetchall()]
                                 if result.returns_rows else [])

    def records(self, statement):
        """What a statement without parameters returns, as a list of dicts by column names in small letters."""
        with self.transaction():
            return self._execute(statement, {}, lambda result: [
                dict(zip([name.lower() for name in result.keys()], row)) for row in result.fetchall()])

    def value(self, statement, **values):
        """The first value that a statement returns, or None."""
        for row in self.rows(statement, **values):
            return row[0]
        return None

    def met(self, statement, **values):
        """The number of rows that an UPDATE or DELETE met."""
        with self.transaction():
            return self._execute(statement, values, lambda result: result.rowcount)


def _refuse_missing_file(engine, title):
    path = engine.url.database
    if engine.dialect.name == 'sqlite' and path and path != ':memory:' and not path.startswith('file:') \
            and not os.path.exists(path):
        error = errors.MissingFile('{0}: the file does not exist'.format(title),
                                   'create it first: nova-manage db sync')
        error.is_default = os.path.dirname(path) == STATE_PATH
        raise error
