"""Which dialect a database server speaks."""

from nova.cascading import errors
from nova.cascading.database.dialects import mysql, postgresql, sqlite

_CLASSES = {'mysql': mysql.MySQL, 'mariadb': mysql.MySQL, 'postgresql': postgresql.PostgreSQL, 'sqlite': sqlite.SQLite}


def server_class(connection):
    """The class that knows the server behind this connection.

    :raises errors.CascadingError: nobody has written one
    """
    if connection.dialect not in _CLASSES:
        raise errors.CascadingError('{0}: no migration for {1}'.format(connection.title, connection.dialect),
                                    'use MariaDB, MySQL, PostgreSQL or SQLite')
    return _CLASSES[connection.dialect]
