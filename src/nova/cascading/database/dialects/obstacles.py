"""What in tables of MariaDB and MySQL keeps a change from being made at all, or from being made in place."""

from nova.cascading import errors
from nova.cascading.database.dialects import base

_STRANGERS = """
    SELECT TABLE_NAME, CONCAT('a ', LOWER(TABLE_TYPE)) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()
    AND TABLE_NAME IN ('instances', 'shadow_instances') AND TABLE_TYPE NOT IN ('BASE TABLE', 'SYSTEM VERSIONED')"""
_TAKEN_INDEX = """
    SELECT COALESCE(COLUMN_NAME, 'an expression') FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
    AND TABLE_NAME = 'instances' AND INDEX_NAME = :name AND SEQ_IN_INDEX = 1"""
_FULLTEXT = """
    SELECT INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = :name
    AND INDEX_TYPE = 'FULLTEXT'"""
_VIRTUAL = """
    SELECT s.INDEX_NAME FROM information_schema.STATISTICS s JOIN information_schema.COLUMNS c
    ON c.TABLE_SCHEMA = s.TABLE_SCHEMA AND c.TABLE_NAME = s.TABLE_NAME AND c.COLUMN_NAME = s.COLUMN_NAME
    WHERE s.TABLE_SCHEMA = DATABASE() AND s.TABLE_NAME = :name AND c.EXTRA LIKE '%VIRTUAL%'"""


def strangers(connection):
    """See base.Server.strangers."""
    return connection.rows(_STRANGERS)


def refuse_taken_index(connection, missing):
    """:raises errors.CascadingError: an index on something else has the name of ours

    :param connection: connection.Connection
    :param missing: desired.Missing
    """
    for column, in connection.rows(_TAKEN_INDEX, name=base.INDEX) if missing.index else ():
        if not connection.server.has_index():  # else another run has made it in the meantime
            raise errors.CascadingError('{0}: the index {1} of instances is another one: it begins with {2}'.format(
                connection.title, base.INDEX, column), 'drop or rename that index, then run this again')


def keep_columns_from_coming_in_place(connection, table):
    """Whether this table cannot get a column without being copied or locked, although its server offers that."""
    is_mariadb = 'MARIADB' in connection.value('SELECT VERSION()').upper()
    return bool(connection.rows(_FULLTEXT, name=table) or is_mariadb and connection.rows(_VIRTUAL, name=table))
