"""Debian packages: a source package that needs only debhelper to be rebuilt, and the binary package of it."""
