"""Run as `python -m nova.cascading`."""

import sys

from nova.cascading import cli

sys.exit(cli.main())
