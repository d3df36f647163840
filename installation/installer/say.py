"""What the installer tells the person at the terminal; a terminal that has gone away stops nothing."""

import os
import re
import sys

from installer import trust

# Control characters but for tab and the end of a line, and what turns the direction of what follows.
UNPRINTABLE = re.compile(u'[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]')
NEEDS_NO_QUOTES = re.compile('[A-Za-z0-9_@%+=:,./-]+\\Z')

LOST = []  # why standard output did not take a line


class Refusal(Exception):
    """Nothing (more) is changed, because of something the administrator has to decide or mend.

    :param what: what happened, to what, and why.
    :param hint: the next command to type.
    """

    def __init__(self, what, hint=''):
        Exception.__init__(self, what)
        self.what = what
        self.hint = hint


def open_streams():
    """Give closed standard streams (``>&-``) to /dev/null, before a file of ours gets their number."""
    for number, name in ((0, 'stdin'), (1, 'stdout'), (2, 'stderr')):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, 'r' if number == 0 else 'w'))


def say(text):
    _write(sys.stdout, 1, text)


def complain(error):
    _write(sys.stderr, 2, 'nova-cascading installer: {0}'.format(error.what))
    if error.hint:
        _write(sys.stderr, 2, '  Next: {0}'.format(error.hint))


def _write(stream, number, text):
    line = printable('{0}\n'.format(text))
    try:
        if hasattr(stream, 'buffer'):  # Python 3: whatever the locale, and also paths that are no text in it
            stream.buffer.write(line.encode('utf-8', 'surrogateescape'))
        else:
            stream.write(line)
        stream.flush()
    except (EnvironmentError, ValueError):
        if number == 1:
            LOST.append(sys.exc_info()[1])
        _to_nowhere(number)


def _to_nowhere(number):
    """Nobody reads any more; what is still in the buffer must not fail at exit either."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, number)
    os.close(nothing)


def printable(text):
    """The text without what makes a terminal do something: names and titles are what their makers liked."""
    if not isinstance(text, type(u'')):
        return printable(text.decode('utf-8', 'replace')).encode('utf-8')
    return UNPRINTABLE.sub(lambda found: u'\\u{0:04x}'.format(ord(found.group())), text)


def quoted(path):
    """A path as a shell word, for commands that people copy, and for a script."""
    return path if NEEDS_NO_QUOTES.match(path) else "'{0}'".format(path.replace("'", "'\\''"))


def refuse_others(path, reason, hint):
    """:raises Refusal: when there is a reason not to run it, see trust.weakness()."""
    if reason:
        raise Refusal('{0} would be run as {1}, but {2}'.format(path, trust.name_of(os.geteuid()), reason), hint or
                      'ls -ld {0}; take the right to write from others'.format(quoted(path)))
