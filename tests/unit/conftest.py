"""Fixtures that several unit tests share."""

import pytest


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """The cache of sources is the test's own, and empty."""
    monkeypatch.setenv('NOVA_CASCADING_SOURCES', str(tmp_path / 'sources'))
    return tmp_path / 'sources'
