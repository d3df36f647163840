"""The errors a user of build.sh can meet; each says what, to what, why, and the next command."""


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
        return f'{self.what}\n  Next: {self.hint}' if self.hint else self.what


class UsageError(BuildError):
    """The command line itself is wrong; exit status 2."""

    status = 2


def tail(text: str, lines: int = 15) -> str:
    """The last lines of what a tool said, indented."""
    return '\n'.join('    ' + line for line in text.strip().splitlines()[-lines:])
