"""What in tables of MariaDB and MySQL keeps a change from being made at all, or from being made in place."""

from nova.cascading import errors
from nova.cascading.database.dialects import base

_STRANGERS = """
    SELECT TABLE_NAME, CONCAT('a ', LOWER(TABLE_TYPE)) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()
    AND TABLE_NAME IN ('instances', 'shadow_instances') AND TABLE_TYPE NOT IN ('BASE TABLE', 'SYSTEM VERSIONED')"""
# pt-online-schema-change and gh-ost copy a table while it changes, and put the copy, without our column, in its place.
_COPIES = """
    SELECT CONCAT('the table ', TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()
    AND TABLE_NAME IN ('_instances_new', '__instances_new', '_instances_gho',
                       '_shadow_instances_new', '__shadow_instances_new', '_shadow_instances_gho')
    UNION ALL SELECT CONCAT('the trigger ', TRIGGER_NAME) FROM information_schema.TRIGGERS
    WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE IN ('instances', 'shadow_instances')
    AND LEFT(TRIGGER_NAME, 7) = 'pt_osc_'"""
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


def refuse_while_copied(connection):
    """:raises base.StatementError: another tool is changing one of the tables, and would undo what is done here"""
    found = [errors.text(row[0]) for row in connection.rows(_COPIES)]
    if found:
        raise base.StatementError(
            base.LOCKED, '{0}: pt-online-schema-change or gh-ost is changing nova\'s tables, as {1} shows; its copy '
            'would take away what is done now'.format(connection.title, ' and '.join(found)),
            'wait for the end of that tool, then run this again; if it was broken off, drop what it has left (the '
            'triggers first): DROP TRIGGER, DROP TABLE')


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
