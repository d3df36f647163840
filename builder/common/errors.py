"""The errors a user of build.sh can meet; each says what, to what, why, and the next command."""

import re

# Control characters but for the end of a line: names come from archives, packages and trees that anybody has made.
UNPRINTABLE = re.compile('[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]')


# Of a mirror, a proxy, an index: tools repeat their addresses. A token may stand in the place of the user's name.
PASSWORD = re.compile(r'://[^/\s\'"]+@')


def printable(text: str) -> str:
    """The text without what makes a terminal do something, and without users, passwords and tokens in addresses."""
    return UNPRINTABLE.sub(lambda found: f'\\u{ord(found[0]):04x}', PASSWORD.sub('://***@', text))


class BuildError(Exception):
    """Something in the input or on this machine stops the command.

    :param what: one sentence: what happened, to what, and why.
    :param hint: the next command to type, or the choice the user has.
    The command exits with status 1.
    """

    status = 1

    def __init__(self, what: str, hint: str = '') -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return printable(f'{self.what}\n  Next: {self.hint}' if self.hint else self.what)


class UsageError(BuildError):
    """The command line itself is wrong; exit status 2."""

    status = 2


def tail(text: str, lines: int = 15) -> str:
    """The last lines of what a tool said, indented, as ``printable``."""
    return printable('\n'.join('    ' + line for line in text.strip().splitlines()[-lines:]))
