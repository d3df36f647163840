"""Installs nova-cascading into a nova that no package manager owns."""
