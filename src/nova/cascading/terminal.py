"""Tell the user something, whatever has become of the terminal: a pipe that closes never stops a migration."""

import os
import sys

from nova.cascading import errors


def say(line):
    """Tell a line on standard output, at once."""
    _write('stdout', line)


def complain(line):
    """Tell a line on standard error, at once."""
    _write('stderr', line)


def complete():
    """Give a process that was started without standard streams such that lead nowhere.

    Without them the next file or connection that it opens would take their numbers, and be written to.
    """
    while True:
        number = os.open(os.devnull, os.O_RDWR)
        if number > 2:
            os.close(number)
            break
    for name in ('stdin', 'stdout', 'stderr'):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, 'r+'))


def _write(name, line):
    stream = getattr(sys, name)
    line = errors.printable(errors.text(line)) + '\n'
    try:
        try:
            stream.write(line)
        except UnicodeEncodeError:  # the locale has no such letters
            stream.write(line.encode(stream.encoding, 'backslashreplace').decode(stream.encoding))
        stream.flush()
    except (EnvironmentError, ValueError):  # nobody listens any more
        _silence(stream)


def _silence(stream):
    """Let what is still to be said go nowhere, also what Python itself writes at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    except (EnvironmentError, ValueError):  # no file, or closed
        pass
    os.close(nowhere)
