"""What build.sh runs. All that belongs to the whole process is set here, once: streams, signals, umask, environment."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

if __name__ == '__main__':
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from builder import cli
    from builder.common import environment, streams

    streams.settle()
    # A build that is terminated, or loses its terminal, cleans up like an interrupted one.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    os.umask(0o022)
    if sys.argv[1:2] != ['test']:  # pytest and the tests choose their own conditions
        environment.settle()
    sys.exit(cli.main(sys.argv[1:]))
