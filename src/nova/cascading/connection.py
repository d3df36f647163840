"""One connection to a database, the same for SQLAlchemy 0.7.8 to 2.0: every statement is its own transaction."""

import contextlib
import os

import sqlalchemy

from nova.cascading import errors


@contextlib.contextmanager
def opened(database, timeout=10):
    """A Connection to one of nova's databases.

    :param database: databases.Database
    :param timeout: seconds to wait for the server to answer
    :raises errors.Unreachable: it cannot be reached, or does not let us in
    :raises errors.Uninitialised: it is an SQLite file that does not exist (connecting would create it)
    """
    connection = Connection(database.engine(timeout), str(database))
    try:
        yield connection
    finally:
        connection.close()


class Connection(object):
    """:param engine: an SQLAlchemy engine
    :param title: what to call the database in messages
    """

    def __init__(self, engine, title):
        from nova.cascading import dialects
        self.engine = engine
        self.title = title
        self.dialect = engine.dialect.name
        _refuse_missing_file(engine, title)
        server = dialects.server_class(self)
        try:
            self._connection = engine.connect()
        except Exception as error:  # drivers, SQLAlchemy and oslo.db raise unrelated classes
            raise server.explain(error, self, errors.Unreachable)
        self.server = server(self)

    def close(self):
        self._connection.close()

    def private(self):
        """Take the connection out of its pool, so that what is set in it ends with it."""
        self._connection.detach()

    @property
    def driver_connection(self):
        """The driver's own connection object."""
        pooled = self._connection.connection
        return getattr(pooled, 'dbapi_connection', None) or pooled.connection

    def rows(self, statement, **values):
        """What a statement returns, as a list of rows.

        :raises dialects.StatementError: the server refuses; its `kind` says why
        """
        return self.together([statement], **values)

    def value(self, statement, **values):
        """The first value that a statement returns, or None."""
        for row in self.rows(statement, **values):
            return row[0]
        return None

    def together(self, statements, **values):
        """Run statements in one transaction; returns the rows of the last one."""
        try:
            transaction = self._connection.begin()
            try:
                for statement in statements:
                    result = self._connection.execute(sqlalchemy.text(statement), values)
                rows = [tuple(row) for row in result.fetchall()] if result.returns_rows else []
            except Exception:
                self._undo(transaction)
                raise
            transaction.commit()
            return rows
        except Exception as error:
            raise self.server.statement_error(error)

    @staticmethod
    def _undo(transaction):
        try:
            transaction.rollback()
        except Exception:  # the server is gone: the first error tells more
            pass

    def many(self, statement, values):
        """Run a statement for each of a list of dictionaries in one transaction; returns the number of rows it met."""
        try:
            transaction = self._connection.begin()
            try:
                met = sum(self._connection.execute(sqlalchemy.text(statement), one).rowcount for one in values)
            except Exception:
                self._undo(transaction)
                raise
            transaction.commit()
            return met
        except Exception as error:
            raise self.server.statement_error(error)


def _refuse_missing_file(engine, title):
    path = engine.url.database
    if engine.dialect.name == 'sqlite' and path and path != ':memory:' and not path.startswith('file:') \
            and not os.path.exists(path):
        raise errors.Uninitialised('{0}: the file does not exist'.format(title),
                                   'create it first: nova-manage db sync')
