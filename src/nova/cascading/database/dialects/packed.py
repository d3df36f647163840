"""Read many rows of MariaDB or MySQL as one text: drivers in Python need more time for a row than the server does.

What in a text could be taken for the end of a field is noticed by counting, and so is a text that was cut off. What
stands for NULL is made up anew in each process, so that no value can be taken for it.
"""

import binascii
import os

_FIELD, _ROW, _NULL = '\x1f', '\x1e', '\x1d' + binascii.hexlify(os.urandom(8)).decode('ascii')
_LONGEST = 2 ** 26  # bytes; the server's own limit for a packet may be lower


class Rows(object):
    """What a list of rows is to its reader; all of it as lines is to be had much faster than row by row.

    :param text: as rows() has it from the server
    """

    def __init__(self, text):
        self.text = text

    def __iter__(self):
        for line in self.text[:-1].split(_ROW):
            values = line.split(_FIELD)
            yield values if _NULL not in line else [None if value == _NULL else value for value in values]

    def lines(self, between, end, but):
        """Each row as a line, with nothing for NULL; None when a value has one of the characters `but`.

        :param between: what to put between two values
        :param end: what to put behind the last one
        """
        if any(sign in self.text for sign in but):
            return None
        return self.text.replace(_NULL, '').replace(_FIELD, between).replace(_ROW, end)


def rows(server, columns, rest, order, values):
    """What SELECT returns, each value as text.

    :param columns: names of columns
    :param rest: the statement from FROM on
    :param order: names of columns to sort by
    :returns: Rows, or None when these rows cannot be read in this way
    """
    fields = ', '.join("IFNULL({0}, '{1}')".format(name, _NULL) for name in columns)
    statement = "SELECT COUNT(*), GROUP_CONCAT(CONCAT_WS('{0}', {1}), '{2}' ORDER BY {3} SEPARATOR '') {4}".format(
        _FIELD, fields, _ROW, order, rest)
    found = server.answer(lambda: server.connection.rows(statement, **values))
    if found is None:
        return None
    count, text = found[0]
    if not count:
        return []
    return Rows(text) if _is_whole(text, count, len(columns)) else None


def allow_length(server):
    """Let this session have texts as long as a page of rows."""
    server.set_session('group_concat_max_len', _LONGEST)


def _is_whole(text, count, width):
    return isinstance(text, type(u'')) and text.count(_ROW) == count and text.count(_FIELD) == count * (width - 1) \
        and text.endswith(_ROW)
