"""What build.sh runs: ``python3 -I -B builder/__main__.py``, which finds no module but Python's own."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from builder.cli import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
