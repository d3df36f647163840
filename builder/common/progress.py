"""Progress of long steps, as plain lines: what runs, and how long it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def step(text: str) -> Iterator[None]:
    """Show that a step runs, and how long it took when it is done.

    :param text: what happens, as a person would say it: ``building the deb``.
    """
    start = time.monotonic()
    say(f'{text} …')
    yield
    say(f'{text}: {time.monotonic() - start:.1f} s')


def say(text: str) -> None:
    """A line for whoever watches; nobody there is no reason to stop."""
    with suppress(OSError, ValueError, AttributeError):
        print(text, file=sys.stderr, flush=True)
