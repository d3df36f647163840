"""Builds python-nova-cascading packages; runs on the build machine, Python 3.9 or later."""
