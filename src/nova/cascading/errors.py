"""What can go wrong, told the way an administrator needs it: what happened, and the next command."""


class CascadingError(Exception):
    """The work cannot be done.

    :param what: what happened, to what, and why; whoever quotes a driver in it hides the passwords first (redact.hide)
    :param hint: what to do next
    """

    status = 1

    def __init__(self, what, hint=None):
        self.what = what
        self.hint = hint
        Exception.__init__(self, self.what)

    def __str__(self):
        return '{0}\n  {1}'.format(self.what, self.hint) if self.hint else self.what


class Unreachable(CascadingError):
    """Nothing is known about a database: it cannot be reached, or not be read."""

    status = 2


class Uninitialised(CascadingError):
    """The database has no tables of nova yet."""


class NeedsAdoption(CascadingError):
    """The database was migrated by the 2014 original; nobody may guess about it."""


def together(problems):
    """Several errors as one, of the worst exit status."""
    worst = max(problems, key=lambda error: error.status)
    if len(problems) == 1:
        return worst
    return worst.__class__('\n'.join(str(error) for error in problems))
