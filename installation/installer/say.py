"""What the installer tells the person at the terminal; a terminal that has gone away stops nothing."""

import os
import sys


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
    line = '{0}\n'.format(text)
    try:
        if hasattr(stream, 'buffer'):  # Python 3: whatever the locale, and also paths that are no text in it
            stream.buffer.write(line.encode('utf-8', 'surrogateescape'))
        else:
            stream.write(line)
        stream.flush()
    except (EnvironmentError, ValueError):
        _to_nowhere(number)


def _to_nowhere(number):
    """Nobody reads any more; what is still in the buffer must not fail at exit either."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, number)
    os.close(nothing)


def quoted(path):
    """A path as a shell word, for commands that people copy."""
    return "'{0}'".format(path.replace("'", "'\\''")) if set(path) & set(' \'"$&();*?') else path
