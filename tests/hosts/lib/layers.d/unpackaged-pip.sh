#!/bin/sh
# Layer "pip-<release>": nova from PyPI in a virtualenv whose path has a space; NOVA, VENV and PYTHON are set.
set -eu
export CFLAGS=-O0 # what is compiled here runs for a moment
case $PYTHON in
    python2*) python3 -m virtualenv -q --download --pip 20.3.4 --setuptools 44.1.1 --wheel 0.37.1 -p "$PYTHON" "$VENV" ;;
    *) "$PYTHON" -m venv "$VENV" ;;
esac
"$VENV/bin/python" -m pip install -q --prefer-binary -c /usr/share/nova-constraints.txt "nova==$NOVA" PyMySQL
