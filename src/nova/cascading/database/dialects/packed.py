"""Read many rows of MariaDB or MySQL as one text: drivers in Python need more time for a row than the server does.

What in a text could be taken for the end of a field is noticed by counting, and so is a text that was cut off.
"""

from nova.cascading.database.dialects import base

_FIELD, _ROW, _NULL = '\x1f', '\x1e', '\x1d'
_LONGEST = 2 ** 26  # bytes; the server's own limit for a packet may be lower


def rows(server, columns, rest, order, values):
    """What SELECT returns, each value as text.

    :param columns: names of columns
    :param rest: the statement from FROM on
    :param order: names of columns to sort by
    :returns: list of lists, or None when these rows cannot be read in this way
    """
    fields = ', '.join("IFNULL({0}, '{1}')".format(name, _NULL) for name in columns)
    statement = "SELECT COUNT(*), GROUP_CONCAT(CONCAT_WS('{0}', {1}), '{2}' ORDER BY {3} SEPARATOR '') {4}".format(
        _FIELD, fields, _ROW, order, rest)
    try:
        count, text = server.connection.rows(statement, **values)[0]
    except base.StatementError:
        return None
    return _unpacked(text, count, len(columns)) if count else []


def allow_length(server):
    """Let this session have texts as long as a page of rows."""
    server.set_session('group_concat_max_len', _LONGEST)


def _unpacked(text, count, width):
    if not isinstance(text, type(u'')) or text.count(_ROW) != count or text.count(_FIELD) != count * (width - 1) \
            or not text.endswith(_ROW):
        return None
    return [line.split(_FIELD) if _NULL not in line else
            [None if value == _NULL else value for value in line.split(_FIELD)] for line in text[:-1].split(_ROW)]
