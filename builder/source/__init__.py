"""Anything that contains a nova, a release's name or a package, becomes a ``Tree``."""
