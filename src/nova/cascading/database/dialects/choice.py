"""Which dialect a database server speaks; only that one is loaded, as starting services wait for it."""

from nova.cascading import errors


def server_class(connection):
    """The class that knows the server behind this connection."""
    if connection.dialect in ('mysql', 'mariadb'):
        from nova.cascading.database.dialects import mysql
        return mysql.MySQL
    if connection.dialect == 'postgresql':
        from nova.cascading.database.dialects import postgresql
        return postgresql.PostgreSQL
    if connection.dialect == 'sqlite':
        from nova.cascading.database.dialects import sqlite
        return sqlite.SQLite
    raise errors.CascadingError('{0}: no migration for {1}'.format(connection.title, connection.dialect),
                                'use MariaDB, MySQL, PostgreSQL or SQLite')
