"""Runs programs: from the system's own directories, without our caller's Python settings, and never for ever."""

import errno
import fcntl
import os
import select
import signal
import subprocess
import time

from installer import signals
from installer.say import say

PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
ABSENT = 127  # as in a shell: there is no such command
TOO_LONG = 124  # as timeout(1) says it
MORE = 64  # files that may be opened meanwhile
PATIENCE = 30  # seconds that a program which was asked to end has for it


def environment(**more):
    """Ours without PYTHON*, which could bring in any code, and with the system's own PATH."""
    kept = dict((name, value) for name, value in os.environ.items() if not name.startswith('PYTHON'))
    return dict(kept, PATH=PATH, PYTHONDONTWRITEBYTECODE='1', **more)


def run(command, seconds=60, follow=False, locale='C'):
    """Run a command in the root directory (a ``nova/`` in the current one must not shadow the installed one).

    :param seconds: how long it may take.
    :param follow: say its lines as they come.
    :param locale: None: our caller's.
    :returns: (exit status, standard output and error as text); status 127 when there is no such command, 124 when it
        did not end in time.
    :raises Interrupted: a signal came; the command has ended by then.
    """
    signals.check()
    count_open_files()
    more = {'LC_ALL': locale} if locale else {}
    with open(os.devnull) as nothing:
        try:
            process = subprocess.Popen(command, stdin=nothing, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       cwd='/', env=environment(**more), close_fds=True, preexec_fn=os.setsid)
        except OSError as error:
            return ABSENT, str(error)
    status, output = _watch(process, time.time() + seconds, follow)
    if status is None:
        output += '\n{0} did not end within {1} s, and was stopped'.format(command[0], seconds)
    return TOO_LONG if status is None else status, output


def count_open_files():
    """Python 2 closes every number that a file of a new process could have: of containers' limits, for minutes."""
    if hasattr(subprocess, 'MAXFD'):
        subprocess.MAXFD = max(map(int, os.listdir('/proc/self/fd'))) + MORE


def _watch(process, end, follow):
    """:returns: (status or None when it took too long, output); what it leaves running in the background may go on."""
    handle, parts, said = process.stdout.fileno(), [], 0
    fcntl.fcntl(handle, fcntl.F_SETFL, fcntl.fcntl(handle, fcntl.F_GETFL) | os.O_NONBLOCK)
    while True:
        status = process.poll()
        more = _read(handle, 0 if status is not None else 0.05)
        parts.append(more)
        if follow:
            said = _say_lines(b''.join(parts), said, status is not None)
        if status is not None and not more:
            process.stdout.close()
            return status, text_of(b''.join(parts))
        if not more:
            time.sleep(0.002)  # a program that has closed its output would otherwise keep us busy
        if status is None and (signals.pending() or time.time() > end):
            _end(process)
            signals.check()
            return None, text_of(b''.join(parts))


def _read(handle, seconds):
    try:
        if select.select([handle], [], [], seconds)[0]:
            return os.read(handle, 65536)
        return b''
    except (EnvironmentError, select.error) as error:
        if error.args[0] in (errno.EINTR, errno.EAGAIN):
            return b''
        raise


def _say_lines(output, said, is_all):
    until = len(output) if is_all else output.rfind(b'\n') + 1
    if until > said:
        say(text_of(output[said:until]).rstrip('\n'))
    return max(until, said)


def _end(process):
    """Ask it to end, with all that it has started, then make it."""
    for number, seconds in ((signal.SIGTERM, PATIENCE), (signal.SIGKILL, PATIENCE)):
        try:
            os.killpg(process.pid, number)
        except OSError:
            pass
        end = time.time() + seconds
        while process.poll() is None and time.time() < end:
            time.sleep(0.05)


def text_of(content):
    """Bytes as this Python's own kind of text."""
    return content if isinstance(content, str) else content.decode('utf-8', 'replace')
