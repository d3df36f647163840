"""What a test host can report."""


class HostError(Exception):
    """A command in a test host, or the host itself, failed; the message carries the output."""


class Incapable(HostError):
    """This machine cannot run test hosts; the message says what it lacks."""
