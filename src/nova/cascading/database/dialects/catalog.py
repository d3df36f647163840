"""What PostgreSQL's catalog says against a change of nova's tables."""

from nova.cascading import errors
from nova.cascading.database.dialects import base

_NAMES = "('instances', 'shadow_instances')"
# What neither is a table nor takes a column: PostgreSQL has one name space for all of it, types included.
_STRANGERS = """
    SELECT n.nspname || '.' || c.relname, c.relkind, c.reloftype <> 0
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname IN {0} AND pg_table_is_visible(c.oid) AND (
        c.relkind NOT IN ('r', 'p') OR c.reloftype <> 0 OR EXISTS (
            SELECT 1 FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent
            WHERE h.inhrelid = c.oid AND p.relkind = 'p'))
    UNION ALL SELECT n.nspname || '.' || t.typname, 'c', false
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typname IN {0} AND t.typrelid = 0 AND pg_type_is_visible(t.oid) AND NOT EXISTS (
        SELECT 1 FROM pg_class c WHERE c.relname = t.typname AND pg_table_is_visible(c.oid))""".format(_NAMES)
_KINDS = {'v': 'a view', 'm': 'a materialized view', 'f': 'a foreign table', 'S': 'a sequence', 'c': 'a type',
          'r': 'a partition', 'p': 'a partition'}
_NOT_OWNED = """
    WITH RECURSIVE family AS (
        SELECT c.oid FROM pg_class c WHERE c.relname IN {0} AND pg_table_is_visible(c.oid)
        UNION SELECT h.inhrelid FROM pg_inherits h JOIN family ON h.inhparent = family.oid)
    SELECT CAST(CAST(c.oid AS regclass) AS text) FROM pg_class c JOIN family ON family.oid = c.oid
    WHERE NOT pg_has_role(c.relowner, 'USAGE') ORDER BY 1""".format(_NAMES)
_CLOSED_SCHEMAS = """
    SELECT quote_ident(n.nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = 'instances' AND c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid)
    AND NOT has_schema_privilege(n.oid, 'CREATE')"""
_TAKEN_INDEX = """
    SELECT c.relname FROM pg_class c JOIN pg_class t ON t.relnamespace = c.relnamespace
    LEFT JOIN pg_index i ON i.indexrelid = c.oid
    WHERE t.relname = 'instances' AND pg_table_is_visible(t.oid) AND c.relname = :name
    AND (i.indrelid IS NULL OR i.indrelid <> t.oid OR i.indisvalid)"""
_HEIRS = """
    SELECT c.relname FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_class p ON p.oid = h.inhparent
    WHERE c.relname IN {0} AND p.relname IN {0} AND pg_table_is_visible(c.oid)""".format(_NAMES)


def strangers(connection):
    """See base.Server.strangers."""
    return [(name, 'a typed table' if is_typed else _KINDS.get(kind, 'an index'))
            for name, kind, is_typed in connection.rows(_STRANGERS)]


def refuse_unprivileged(connection):
    """:raises base.StatementError: the user owns not all of what is changed, which is also what inherits from it"""
    for name, in connection.rows(_NOT_OWNED):
        raise base.StatementError(
            base.PRIVILEGE, '{0}: the database user must be owner of {1}, and is not'.format(connection.title, name),
            'ALTER TABLE {0} OWNER TO the user of nova.conf, then run this again'.format(name))
    for name, in connection.rows(_CLOSED_SCHEMAS):
        raise base.StatementError(
            base.PRIVILEGE, '{0}: the database user may not make an index in the schema {1}'.format(
                connection.title, name),
            'GRANT CREATE ON SCHEMA {0} TO the user of nova.conf, then run this again'.format(name))


def refuse_taken_index(connection, missing):
    """:raises errors.CascadingError: something else has its name; an unfinished index of ours goes before each attempt

    :param missing: desired.Missing
    """
    for name, in connection.rows(_TAKEN_INDEX, name=base.INDEX) if missing.index else ():
        if not connection.server.has_index():  # else another run has made it in the meantime
            raise errors.CascadingError('{0}: something else is called {1}'.format(connection.title, name),
                                        'drop or rename that, then run this again')


def heirs_first(connection, tables):
    """The tables in the order in which they take a column: one that comes by inheritance first cannot be added."""
    heirs = [name for name, in connection.rows(_HEIRS)]
    return sorted(tables, key=lambda name: name not in heirs)
