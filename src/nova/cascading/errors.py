"""What can go wrong, told the way an administrator needs it: what happened, and the next command."""

import re

# Control characters but for the end of a line, what turns the direction of what follows, and halves of characters.
_UNPRINTABLE = re.compile(u'[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]')


def printable(text):
    """The text without what makes a terminal do something: names come from databases, so from anybody."""
    if not isinstance(text, type(u'')):
        return printable(text.decode('utf-8', 'replace')).encode('utf-8')
    return _UNPRINTABLE.sub(lambda found: u'\\u{0:04x}'.format(ord(found.group())), text)


class CascadingError(Exception):
    """The work cannot be done.

    :param what: what happened, to what, and why; whoever quotes a driver in it hides the passwords first (redact.hide)
    :param hint: what to do next
    """

    status = 1
    kind = None  # of a server's refusal: dialects.base

    def __init__(self, what, hint=None):
        self.what = what
        self.hint = hint
        Exception.__init__(self, self.what)

    def __str__(self):
        return printable('{0}\n  {1}'.format(self.what, self.hint) if self.hint else self.what)


class Unreachable(CascadingError):
    """Nothing is known: a database cannot be reached, or not be read; a tool of the system does not answer."""

    status = 2


class Uninitialised(CascadingError):
    """The database has no tables of nova yet."""


class MissingFile(Uninitialised):
    """The SQLite file is not there; `is_default` when it would lie where a distribution's nova.conf puts it unasked."""

    is_default = False


class NeedsAdoption(CascadingError):
    """The database was migrated by the 2014 original; nobody may guess about it."""


def together(problems):
    """Several errors as one, of the worst exit status."""
    if len(problems) == 1:
        return anew(problems[0])
    return _of(max(error.status for error in problems), '\n'.join(str(error) for error in problems))


def anew(error):
    """A new error like a kept one, which would gather every frame that it came through, each time it is raised."""
    return _of(error.status, error.what, error.hint)


def _of(status, what, hint=None):
    return (Unreachable if status == Unreachable.status else CascadingError)(what, hint)


def text(thing):
    """What str() gives, in any language: drivers of Python 2 raise what str() cannot take.

    :returns: a native string; in Python 2 it is UTF-8
    """
    if isinstance(thing, bytes):
        return thing if str is bytes else thing.decode('utf-8', 'replace')
    try:
        return str(thing)
    except UnicodeError:
        return thing.encode('utf-8') if hasattr(thing, 'encode') else _joined(thing)


def _joined(error):
    return ' '.join(text(part) for part in getattr(error, 'args', ())) or error.__class__.__name__
