"""What the installer tells the person at the terminal, and the one kind of error it ends with."""

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


def say(text):
    sys.stdout.write('{0}\n'.format(text))
    sys.stdout.flush()


def complain(error):
    sys.stdout.flush()
    sys.stderr.write('nova-cascading installer: {0}\n'.format(error.what))
    if error.hint:
        sys.stderr.write('  Next: {0}\n'.format(error.hint))


def quoted(path):
    """A path as a shell word, for commands that people copy."""
    return "'{0}'".format(path.replace("'", "'\\''")) if set(path) & set(' \'"$&();*?') else path
