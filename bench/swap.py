"""How long a host is without a configured nova library: the swap for the fork, against reinstalling the stock package.

usage: bench/swap.py [--runs N] [SUITE]      needs root; the goal is a ratio of at most 1.3, migration excluded
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.hosts.lib import debs, kinds, packages, templates  # noqa: E402,F401  kinds registers the layers
from tests.hosts.lib.host import Host  # noqa: E402
from tests.hosts.lib.machine import Machine  # noqa: E402

COMMANDS = {'apt-get install --reinstall python3-nova': 'apt-get install -y --reinstall python3-nova',
            'apt-get install python-nova-cascading': 'apt-get install -y python-nova-cascading'}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=5, help='fresh hosts for each command (5)')
    parser.add_argument('suite', nargs='?', default='bookworm', help='Debian suite of the hosts (bookworm)')
    args = parser.parse_args()
    templates.require()
    fork = packages.fork_of(args.suite, 1, *debs.DEB)
    # In turn, so that what else the machine does meets both.
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(args.runs):
        for name, line in COMMANDS.items():
            seconds[name].append(one_run(args.suite, fork, line))
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    for name, taken in seconds.items():
        print(f'{name:<44}{medians[name]:6.1f} s   ({", ".join(f"{one:.1f}" for one in taken)})')
    stock, swap = medians.values()
    print(f'ratio {swap / stock:.2f} (goal: 1.30)')
    return 0


def one_run(suite: str, fork: Path, line: str) -> float:
    """Seconds that a command takes on a fresh host, whose databases are not its business."""
    host = Host(suite, Machine(templates.directories(suite, 'stack')))
    try:
        host.run('crudini --set /etc/nova/nova.conf cascading auto_migrate false')
        debs.offer_fork(host, fork)
        started = time.monotonic()
        host.run(line)
        return time.monotonic() - started
    finally:
        host.close()


if __name__ == '__main__':
    sys.exit(main())
