"""Hosts of Debian's unstable, whose packages are broken at times: that is said, and is no failure of ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.hosts.lib.errors import HostError
from tests.hosts.lib.host import Host


def or_another(make: Callable[..., Host], suite: str, layer: str) -> Host:
    """A host of any suite; the test is SKIPPED, with the reason, where sid's cannot be made."""
    try:
        return make(suite, layer)
    except HostError as reason:
        if suite != 'sid':
            raise
        pytest.skip(f'SKIPPED: sid cannot be used as it is today: {reason}')
