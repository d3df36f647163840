#!/bin/sh
# A virtualenv with nova, moved to where a deployment tool has it; VENV and PLACE are set.
set -eu
mkdir -p "${PLACE%/*}"
mv "$VENV" "$PLACE"
grep -rlZ "$VENV" "$PLACE/bin" "$PLACE/pyvenv.cfg" | xargs -0 sed -i "s,$VENV,$PLACE,g"
"$PLACE/bin/python" -m pip install -q --no-index --no-deps --force-reinstall /srv/stock/nova/*.whl
