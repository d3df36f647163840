"""Run the tools of the system: from its own directories, with a limit of time, without what misleads them."""

import os
import select
import signal
import subprocess
import sys
import time

try:
    from shlex import quote  # noqa: F401  for those who print a line for a shell
except ImportError:  # Python 2
    from pipes import quote  # noqa: F401

from nova.cascading import errors, safefile

PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
ANSWER = 30  # seconds for a question
WORK = 300  # seconds for starting, stopping or restarting services
MISSING, LATE = 127, 124  # exit statuses, as sh and timeout(1) have them
_MORE = 64  # files that may be opened meanwhile
# What makes an interpreter run code from elsewhere; restarted services would inherit it, too.
_MISLEADING = ('PYTHON', 'PERL', 'RUBY', 'LD_', 'BASH_', 'GCONV_')
_MISLEADING_NAMES = ('ENV', 'CDPATH', 'IFS')


def which(tool):
    """Whether the system has a tool."""
    return any(os.access(os.path.join(directory, tool), os.X_OK) for directory in PATH.split(':'))


def ask(command, seconds=ANSWER):
    """What a command answers that only asks.

    :param command: list of words
    :param seconds: how long it may take; it is ended then
    :returns: (exit status, text); (MISSING, '') when there is no such command
    :raises errors.Unreachable: it has not ended by itself
    """
    process = _start(command, subprocess.PIPE, preexec_fn=os.setsid)
    if process is None:
        return MISSING, ''
    end = safefile.now() + seconds
    try:
        text = b''.join(_parts(process, end))
        if _status(process, end) is None:
            raise errors.Unreachable('`{0}` has not answered within {1} s'.format(' '.join(command), seconds),
                                     'see what it waits for, then run this again')
    finally:
        _end(process)
    return process.returncode, text if str is bytes else text.decode('utf-8', 'replace')


def output(command, seconds=ANSWER):
    """The text of what ask() returns."""
    return ask(command, seconds)[1]


def call(command, quiet=False, seconds=WORK):
    """Run a command that does something, whose output the user sees; or, with `quiet`, one that asks.

    :param seconds: how long to wait for it; it goes on then, as it may be in the middle of its work
    :returns: its exit status; MISSING when there is no such command, LATE when it is still at work
    """
    if quiet:
        return ask(command)[0]
    process = _start(command, None)
    if process is None:
        return MISSING
    status = _status(process, safefile.now() + seconds)
    if status is None:
        sys.stderr.write('`{0}` has not ended within {1} s, and goes on by itself\n'.format(' '.join(command), seconds))
    return LATE if status is None else status


def environment():
    """The environment of the tools."""
    kept = dict((name, value) for name, value in os.environ.items()
                if not name.startswith(_MISLEADING) and name not in _MISLEADING_NAMES)
    return dict(kept, PATH=PATH)


def _start(command, output, **options):
    """A process, or None; its output goes to the user, or with a pipe to us alone."""
    _count_open_files()
    with open(os.devnull, 'r+') as nothing:
        try:
            return subprocess.Popen([_path(command[0])] + command[1:], env=environment(), close_fds=True, stdin=nothing,
                                    stdout=output, stderr=nothing if output else None, **options)
        except EnvironmentError:
            return None


def _count_open_files():
    """Python 2 closes every number that a file of a new process could have: of containers' limits, for minutes."""
    if hasattr(subprocess, 'MAXFD'):
        subprocess.MAXFD = max(map(int, os.listdir('/proc/self/fd'))) + _MORE


def _path(tool):
    """Python would look it up in the caller's PATH."""
    found = [os.path.join(directory, tool) for directory in PATH.split(':')]
    return ([path for path in found if os.access(path, os.X_OK)] or [found[0]])[0]


def _parts(process, end):
    """What it prints, until it ends or the time is up: what it has started may keep the pipe open for ever."""
    while select.select([process.stdout], [], [], max(0, end - safefile.now()))[0]:
        part = os.read(process.stdout.fileno(), 65536)
        if not part:
            return
        yield part


def _status(process, end):
    """Its exit status, or None when it is still at work."""
    while process.poll() is None and safefile.now() < end:
        time.sleep(0.02)
    return process.returncode


def _end(process):
    """Away with it, and with what it has started, when it has not ended by itself."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.stdout.close()
