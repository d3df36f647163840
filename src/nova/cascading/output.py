"""Print rows the way OpenStack's own clients do: as a table, or as csv, json or plain values for other programs."""

import csv
import io
import json
import sys

from nova.cascading import errors, terminal

PAGE = 1000


def add_options(parser):
    """The option that all commands with rows have."""
    parser.add_argument('-f', '--format', choices=sorted(FORMATS), default='table',
                        help='table (default) for people; csv, json or value for programs')
    end_with_the_reader(parser)


def end_with_the_reader(parser):
    """The command changes nothing: `nova-cascading mapping list | head` may end it like any other program."""
    parser.set_defaults(ends_with_reader=True)


def printer(name, columns, out=None):
    """What rows are given to, one by one; nothing is kept in memory but a page of a table.

    :param name: one of FORMATS
    :param columns: the names of the columns
    :param out: a text file; None: standard output
    """
    return FORMATS[name](columns, Standard() if out is None else out)


def one(name, pairs, out=None):
    """Print one thing: a list of (field, value)."""
    out = Standard() if out is None else out
    if name == 'table':
        table = Table(('Field', 'Value'), out)
        for pair in pairs:
            table.add(pair)
        table.close()
    elif name == 'json':
        write(out, json.dumps(dict(pairs), indent=2, sort_keys=True) + '\n')
    elif name == 'value':
        write(out, ''.join(u'{0}\n'.format(flat(value)) for _, value in pairs))
    else:
        rows = printer(name, [field for field, _ in pairs], out)
        rows.add([value for _, value in pairs])
        rows.close()


class Standard(object):
    """Standard output, whatever the locale and the place it leads to."""

    @staticmethod
    def write(text):
        """:raises errors.CascadingError: it does not take the text"""
        try:
            terminal.write(sys.stdout, text)
        except EnvironmentError as error:
            raise errors.CascadingError('cannot write to standard output: {0}'.format(error.strerror),
                                        'nothing was changed; lead it to a place that takes all of it')


def write(out, text):
    """Python 2 cannot tell the encoding of a pipe: there, text becomes UTF-8 here."""
    out.write(text if isinstance(text, str) else text.encode('utf-8'))


def shown(value):
    """The text of a value; names of instances come from users of the cloud, and may be meant for the terminal."""
    return u'' if value is None else errors.printable(u'{0}'.format(value))


def flat(value):
    """The same on one line, where a line is a row."""
    return shown(value).replace(u'\n', u'\\u000a')


class Rows(object):
    """What rows are given to; `columns` are their names."""

    def __init__(self, columns, out):
        self.columns = columns
        self.out = out

    def add(self, row):
        self.add_page([row])

    def add_page(self, rows, more=()):
        """:param more: values that stand at the end of each row"""
        for row in rows:
            self.add(tuple(row) + more)

    def close(self):
        """All rows have been given."""


class Table(Rows):
    """Tables of at most a page each, so that a million rows need no more memory than a thousand."""

    def __init__(self, columns, out):
        Rows.__init__(self, columns, out)
        self.rows = []
        self.printed = False

    def add(self, row):
        self.rows.append(row)
        if len(self.rows) == PAGE:
            self._print()

    def close(self):
        if self.rows or not self.printed:
            self._print()

    def _print(self):
        import prettytable  # only tables need it; nova has it
        table = prettytable.PrettyTable(list(self.columns))
        table.align = 'l'
        for row in self.rows:
            table.add_row([flat(value) for value in row])
        write(self.out, u'{0}\n'.format(table.get_string()))
        self.rows = []
        self.printed = True


class Csv(Rows):

    def __init__(self, columns, out):
        Rows.__init__(self, columns, out)
        self.add(columns)

    def add_page(self, rows, more=()):
        """As a whole: value by value, it would take longer than the server needs to find them."""
        end = self._text([('',) + more]) if more else u'\n'
        text = rows.lines(u',', end, ',"\r\n') if hasattr(rows, 'lines') else None
        write(self.out, errors.printable(self._text([tuple(row) + more for row in rows]) if text is None else text))

    @staticmethod
    def _text(rows):
        if str is not bytes:
            page = io.StringIO()
            csv.writer(page, lineterminator='\n').writerows(rows)
            return page.getvalue()
        page = io.BytesIO()
        csv.writer(page, lineterminator='\n').writerows([[shown(value).encode('utf-8') for value in row]
                                                         for row in rows])
        return page.getvalue().decode('utf-8')


class Json(Rows):
    """A list of objects."""

    def __init__(self, columns, out):
        Rows.__init__(self, columns, out)
        self.encode = json.JSONEncoder(sort_keys=True).encode
        self.before = '[\n  '

    def add(self, row):
        write(self.out, self.before + self.encode(dict(zip(self.columns, row))))
        self.before = ',\n  '

    def close(self):
        write(self.out, '\n]\n' if self.before.startswith(',') else '[]\n')


class Value(Rows):

    def add(self, row):
        write(self.out, u'{0}\n'.format(u' '.join(flat(value) for value in row)))


FORMATS = {'table': Table, 'csv': Csv, 'json': Json, 'value': Value}
