"""Give up on what never answers, where the library that asks knows no limit."""

import contextlib
import signal

from nova.cascading import errors


class OutOfTime(BaseException):
    """No Exception: drivers of 2014 catch those, and try again for ever."""


@contextlib.contextmanager
def limit(what, seconds, hint):
    """A block that may take so many seconds. Outside the main thread, which alone can be woken, it may take longer.

    :param what: who is asked
    :raises errors.Unreachable: `what` did not answer
    """
    def give_up(number, frame):
        raise OutOfTime()

    try:
        before = signal.signal(signal.SIGALRM, give_up)
    except ValueError:
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    except OutOfTime:
        raise errors.Unreachable('{0} does not answer within {1} s'.format(what, seconds), hint)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
