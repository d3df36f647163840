"""A fork becomes packages: debs, rpms, and what both are made from."""
