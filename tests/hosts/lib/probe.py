"""A client of nova-conductor in a test host that works while packages change under it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.hosts.lib import services
from tests.hosts.lib.errors import HostError

if TYPE_CHECKING:
    from tests.hosts.lib.host import Host

SCRIPT = Path(__file__).with_name('inside') / 'probe.py'
LOG = '/root/probe.log'


class Round(NamedTuple):
    """One change and re-reading of an instance: when it began (seconds since 1970), how long it took, what failed."""

    at: float
    seconds: float
    error: str | None


def ask(host: Host, *words: str) -> str:
    """Run one command of inside/probe.py as soon as a conductor listens, and return what it answers."""
    services.wait_for_conductor(host)
    host.put(SCRIPT, '/root/probe.py')
    return host.run(f'python3 probe.py {" ".join(words)}').out.splitlines()[-1]


@contextmanager
def at_work(host: Host) -> Iterator[None]:
    """Keep a client changing and reading an instance as long as the block runs, and a few rounds longer."""
    host.put(SCRIPT, '/root/probe.py')
    client = host.spawn(f'exec python3 probe.py loop >{LOG} 2>/root/probe.err')
    try:
        wait_for_rounds(host, 3)
        yield
        wait_for_rounds(host, len(rounds(host)) + 5)
    finally:
        client.kill()
        client.wait()


def rounds(host: Host) -> list[Round]:
    """What the client saw."""
    text = host.read(LOG) if host.exists(LOG) else ''
    lines = [json.loads(line) for line in text.splitlines() if line.startswith('{') and line.endswith('}')]
    return [Round(line['at'], line['seconds'], line['error']) for line in lines]


def wait_for_rounds(host: Host, count: int, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while len(rounds(host)) < count:
        if time.monotonic() > end:
            raise HostError(f'the client saw {len(rounds(host))} rounds, not {count}: {host.read("/root/probe.err")}')
        time.sleep(0.2)
