"""Signals wait until the tree is between two steps; what was begun is then undone or completed."""

import signal

HEARD = ('SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGALRM', 'SIGXCPU', 'SIGUSR1', 'SIGUSR2')
_last = []
_deaf = []


class Interrupted(Exception):
    """Somebody asked this program to end."""


def listen():
    """Note signals instead of dying from them; what the caller (nohup) has ignored stays ignored."""
    for name in HEARD:
        number = getattr(signal, name)
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame, name=name: _last.append(name))


def pending():
    """:returns: whether a signal waits to be heard."""
    return bool(_last) and not _deaf


def check():
    """:raises Interrupted: a signal has come since the last time; called before each step."""
    if pending():
        name = _last[-1]
        del _last[:]
        raise Interrupted('interrupted by {0}'.format(name))


class Deaf(object):
    """While undoing or completing, nothing but SIGKILL ends this program."""

    def __enter__(self):
        _deaf.append(True)

    def __exit__(self, *_):
        _deaf.pop()
