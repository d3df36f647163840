"""``python3 -m builder``: what build.sh runs."""

import sys

from builder.cli import main

sys.exit(main(sys.argv[1:]))
