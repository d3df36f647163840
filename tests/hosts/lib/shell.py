"""Opens a shell in a host made of a kept disk, to see what a failed test saw; what is changed there is not kept.

Usage: python3 -m tests.hosts.lib.shell SUITE FILE, as a failed test has printed it; as root.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.hosts.lib.host import Host
from tests.hosts.lib.machine import Machine


def main(suite: str, listed: str) -> int:
    host = Host(suite, Machine([Path(line) for line in Path(listed).read_text().splitlines()]))
    try:
        print(f'No service runs yet. This disk goes with: rm -r {Path(listed).parent}', file=sys.stderr)
        words = host.machine.command(['sh', '-c', 'cd /root; exec ${SHELL:-bash}'], {'TERM': 'xterm-256color'})
        return subprocess.call(words)
    finally:
        host.close()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
