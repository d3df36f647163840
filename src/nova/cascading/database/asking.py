"""Ask several things at once, each in a process of its own, within a time that no silent server can stretch.

A signal would not do: the drivers' C libraries wait on when one comes.
"""

import collections
import errno
import os
import pickle
import select
import signal
import sys
import time

from nova.cascading import errors, redact

SECONDS = 12  # for all questions of a command: 15 with the start of Python on a busy host
_AT_ONCE = 16
_KNOWN = dict((one.__name__, one) for one in (
    errors.CascadingError, errors.Unreachable, errors.Uninitialised, errors.MissingFile, errors.NeedsAdoption))
_clock = getattr(time, 'monotonic', time.time)

Question = collections.namedtuple('Question', 'about ask')  # what it is about, for messages; function
Answer = collections.namedtuple('Answer', 'value error')  # error: errors.CascadingError or None


class Deadline(object):
    """:param seconds: how long all that comes may take together"""

    def __init__(self, seconds=SECONDS):
        self.seconds = seconds
        self.end = _clock() + seconds

    @property
    def left(self):
        return max(self.end - _clock(), 0)


def all_of(questions, deadline, share=1.0):
    """Ask all questions at once.

    :param questions: list of Question; a function's value must be plain data, what it prints is lost
    :param share: the part of the time left that may be used
    :returns: list of Answer, in the same order; one that did not come in time is an errors.Unreachable
    """
    answers, left = [], deadline.left * share
    while len(answers) < len(questions):
        rounds = -(-(len(questions) - len(answers)) // _AT_ONCE)
        start = _clock()
        answers += _together(questions[len(answers):len(answers) + _AT_ONCE], left / rounds)
        left = max(left - (_clock() - start), 0)
    return answers


def _together(questions, seconds):
    started = [_start(question) for question in questions]
    said = dict((pipe, b'') for pipe, _ in started)
    waited_for = list(said)
    end = _clock() + seconds
    try:
        while waited_for and end > _clock():
            for pipe in _ready(waited_for, end - _clock()):
                more = os.read(pipe, 65536)
                said[pipe] += more
                if not more:
                    waited_for.remove(pipe)
    finally:
        for pipe, process in started:
            _end(pipe, process)
    return [_answer(question, None if pipe in waited_for else said[pipe], seconds)
            for question, (pipe, _) in zip(questions, started)]


def _ready(pipes, seconds):
    try:
        return select.select(pipes, [], [], max(seconds, 0))[0]
    except (EnvironmentError, select.error) as error:  # Python 2: another signal came
        if error.args[0] != errno.EINTR:
            raise
        return []


def _start(question):
    """:returns: (pipe that the answer comes through, process)"""
    out, into = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if not process:
        try:
            os.close(out)
            _write(into, pickle.dumps(_asked(question), 2))
        finally:
            os._exit(0)  # nothing that the parent has registered for its end may run here
    os.close(into)
    return out, process


def _asked(question):
    try:
        return question.ask(), None
    except errors.CascadingError as error:
        return None, (error.__class__.__name__, error.status, error.what, error.hint, error.kind,
                      getattr(error, 'is_default', False))
    except Exception as error:  # each driver and each broken Python has errors of its own
        return None, ('Unreachable', 2, '{0}: cannot be asked: {1}: {2}'.format(
            question.about, error.__class__.__name__, redact.hide(error)), None, None, False)


def _write(into, data):
    while data:
        data = data[os.write(into, data):]


def _end(pipe, process):
    """One that has answered is at its end already."""
    os.close(pipe)
    try:
        os.kill(process, signal.SIGKILL)
    except OSError:
        pass
    while True:
        try:
            return os.waitpid(process, 0)
        except OSError as error:
            if error.errno != errno.EINTR:
                return None


def _answer(question, said, seconds):
    if said is None:
        return Answer(None, errors.Unreachable(
            '{0}: has not answered within {1:.0f} s'.format(question.about, seconds),
            'see that the server works, and not just accepts connections; then run this again'))
    if not said:
        return Answer(None, errors.Unreachable('{0}: the process that asked it has died'.format(question.about)))
    value, failure = pickle.loads(said)
    return Answer(value, _error(*failure) if failure else None)


def _error(name, status, what, hint, kind, is_default):
    made = _KNOWN.get(name, errors.CascadingError)(what, hint)
    made.status, made.kind = status, kind
    if is_default:
        made.is_default = True
    return made
