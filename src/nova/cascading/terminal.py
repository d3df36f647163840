"""Tell the user something, whatever has become of the terminal: a pipe that closes never stops a migration."""

import logging
import os
import sys
import warnings

from nova.cascading import errors

_lost = []  # why standard output did not take a line


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


class _Nowhere(logging.Handler):
    """Python 2.6 has no NullHandler."""

    def emit(self, record):
        pass


def be_alone():
    """Keep libraries off standard error, which monitoring reads: eventlet warns in nine lines, for developers.

    Whoever wants to see warnings says so to Python (-W, PYTHONWARNINGS).
    """
    if not sys.warnoptions:
        warnings.simplefilter('ignore')
    logging.getLogger().addHandler(_Nowhere())


def _write(name, line):
    stream = getattr(sys, name)
    line = errors.printable(errors.text(line)) + '\n'
    try:
        write(stream, line)
        stream.flush()
    except (EnvironmentError, ValueError) as error:  # nobody listens any more
        if name == 'stdout':
            _lost.append(error)
        _silence(stream)


def write(stream, text):
    """Write a text; letters that the locale lacks are escaped.

    :raises EnvironmentError: the stream does not take it
    """
    try:
        stream.write(text)
    except UnicodeEncodeError:
        stream.write(text.encode(stream.encoding, 'backslashreplace').decode(stream.encoding))


def finish(status):
    """See that all of standard output has been written.

    :returns: the exit status: that of the work, or 1 when what it found could not be written
    """
    try:
        sys.stdout.flush()
    except (EnvironmentError, ValueError) as error:
        _lost.append(error)
        _silence(sys.stdout)
    if not _lost:
        return status
    complain('nova-cascading: cannot write to standard output: {0}'.format(getattr(_lost[0], 'strerror', _lost[0])))
    del _lost[:]
    return status or 1


class Patient(object):
    """A standard stream of a command that changes something: what cannot be written is dropped, the work goes on."""

    def __init__(self, stream):
        self.stream = stream

    def write(self, text):
        try:
            write(self.stream, text)
        except (EnvironmentError, ValueError):  # nobody listens any more
            _silence(self.stream)

    def flush(self):
        try:
            self.stream.flush()
        except (EnvironmentError, ValueError):
            _silence(self.stream)

    def __getattr__(self, name):
        return getattr(self.stream, name)


def be_patient():
    """From here on, no message can stop this process."""
    sys.stdout, sys.stderr = Patient(sys.stdout), Patient(sys.stderr)


def _silence(stream):
    """Let what is still to be said go nowhere, also what Python itself writes at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    except (EnvironmentError, ValueError):  # no file, or closed
        pass
    os.close(nowhere)
