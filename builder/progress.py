"""Progress of long steps: alive on a terminal, plain lines everywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(text: str) -> Iterator[None]:
    """Show that a step runs, and how long it took when it is done.

    :param text: what happens, as a person would say it: ``building the deb``.
    """
    start = time.monotonic()
    if sys.stderr.isatty():
        with spinner(text):
            yield
    else:
        print(f'{text} …', file=sys.stderr, flush=True)
        yield
    print(f'{text}: {time.monotonic() - start:.1f} s', file=sys.stderr, flush=True)


@contextmanager
def spinner(text: str) -> Iterator[None]:
    from rich.console import Console  # slow to import, and not needed where nobody watches

    with Console(stderr=True).status(text):
        yield
