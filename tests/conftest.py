"""Fixtures that unit tests and contracts share."""

from tests.repositories import first, home, inside, repo  # noqa: F401
