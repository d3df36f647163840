"""What in tables of MariaDB and MySQL keeps a change from being made at all, or from being made in place."""

import re

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

_KIND = """
    SELECT LOWER(ENGINE), LOWER(ROW_FORMAT) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()
    AND TABLE_NAME = :name"""
# Together with the column, an index of it alone would go in the slow way.
_INDEXES = """
    SELECT CONCAT('`', REPLACE(INDEX_NAME, '`', '``'), '`') FROM information_schema.STATISTICS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'instances'
    GROUP BY INDEX_NAME HAVING COUNT(*) = 1 AND MAX(COLUMN_NAME) = :column"""


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


def change_in_place(connection):
    """Whether the server offers to change the two tables without copying them."""
    version = connection.value('SELECT VERSION()')
    engines = connection.rows(
        'SELECT DISTINCT LOWER(ENGINE) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() '
        "AND TABLE_NAME IN ('instances', 'shadow_instances')")
    return engines == [('innodb',)] and tuple(int(part) for part in version.split('.')[:2]) >= (5, 6)


def keep_columns_from_coming_in_place(connection, table):
    """Whether this table cannot get a column without being copied or locked, although its server offers that."""
    is_mariadb = 'MARIADB' in connection.value('SELECT VERSION()').upper()
    return bool(connection.rows(_FULLTEXT, name=table) or is_mariadb and connection.rows(_VIRTUAL, name=table))


def keep_column_from_going_at_once(connection, table):
    """Whether this table has to be copied without it, as far as the server tells that beforehand."""
    version = connection.value('SELECT VERSION()').upper()
    numbers = [int(number) for number in re.findall('[0-9]+', version)[:3]]
    allowed = connection.server.settings('VARIABLES', ['innodb_instant_alter_column_allowed'])
    engine, form = connection.rows(_KIND, name=table)[0]
    return (numbers < ([10, 4] if 'MARIADB' in version else [8, 0, 29]) or engine != 'innodb' or form == 'compressed'
            or list(allowed.values()) not in ([], ['ADD_DROP_REORDER'])
            or keep_columns_from_coming_in_place(connection, table)
            or any(base.COLUMN in members and len(members) > 1 for members in connection.server.indexes(table)))


def indexes_of_column(connection):
    """The names, in quotes, of the indexes on instances that have our column and no other."""
    return [errors.text(row[0]) for row in connection.rows(_INDEXES, column=base.COLUMN)]
