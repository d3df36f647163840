"""Standard input and output of the whole process: whoever stops reading or closes them does not stop a build."""

from __future__ import annotations

import errno
import io
import os
import sys

ALWAYS = {errno.EPIPE}
# A terminal that is gone, a full disk behind 2>log: what goes to standard error is only ever a message.
ON_ERRORS = {errno.EPIPE, errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EAGAIN}


class Patient(io.FileIO):
    """Writes to a descriptor as long as somebody takes it, and to nowhere after that."""

    def __init__(self, descriptor: int, forgiven: set[int]) -> None:
        super().__init__(descriptor, 'w', closefd=False)
        self.forgiven = forgiven

    def write(self, data) -> int:  # type: ignore[no-untyped-def,override]
        try:
            return super().write(data) or len(data)
        except OSError as error:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            if error.errno not in self.forgiven:
                raise  # once: Python writes what is left at its end
            return len(data)


def settle() -> None:
    """Call once, at the start: before anything is opened, and before anything is written."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
    sys.stdin = sys.stdin or open(0, encoding='utf-8', closefd=False)  # noqa: SIM115, PTH123
    sys.stdout, sys.stderr = text(1, ALWAYS), text(2, ON_ERRORS)


def text(descriptor: int, forgiven: set[int]) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(Patient(descriptor, forgiven)), encoding='utf-8',
                            errors='backslashreplace', line_buffering=True)
