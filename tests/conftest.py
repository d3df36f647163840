"""Fixtures that unit tests and contracts share, and where their files are."""

from __future__ import annotations

import atexit
import shutil

import pytest

from tests.hosts.lib import disks
from tests.installer_happenings import forked, forked_once  # noqa: F401
from tests.repositories import first, home, inside, repo  # noqa: F401

ENDED: list[int] = []  # well


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, 'workerinput'):  # workers have what the first process has
        disks.sweep()
        scratch = disks.scratch()
        # Called after pytest's own, which was registered later and clears up in there.
        atexit.register(lambda: scratch and ENDED and shutil.rmtree(scratch, ignore_errors=True))


def pytest_sessionfinish(exitstatus: int) -> None:
    """The files of tests that failed stay until the next run, for whoever looks into it."""
    ENDED.extend([exitstatus] if exitstatus == pytest.ExitCode.OK else [])
