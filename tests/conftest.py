"""Fixtures that unit tests and contracts share."""

from tests.installer_happenings import forked, forked_once  # noqa: F401
from tests.repositories import first, home, inside, repo  # noqa: F401
