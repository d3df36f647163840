"""Fixtures for tests on real hosts: chroots of Debian releases in namespaces of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hosts.lib import debs, kinds, packages, templates  # noqa: F401  kinds registers the common layers
from tests.hosts.lib.errors import Incapable
from tests.hosts.lib.host import Host
from tests.hosts.lib.machine import Machine


@contextlib.contextmanager
def factory() -> Iterator[Callable[..., Host]]:
    """Hosts that end together; skips where the machine cannot run any."""
    hosts: list[Host] = []

    def make(suite: str = 'bookworm', layer: str | list[Path] = 'base', beside: Host | None = None,
             online: bool = False) -> Host:
        try:
            templates.require()
        except Incapable as reason:
            pytest.skip(f'SKIPPED: {reason}')
        layers = layer if isinstance(layer, list) else templates.directories(suite, layer)
        hosts.append(Host(suite, Machine(layers, network=beside.machine if beside else 'outer' if online else 'own')))
        return hosts[-1]

    try:
        yield make
    finally:
        for host in reversed(hosts):
            host.close()


@pytest.fixture
def make_host() -> Iterator[Callable[..., Host]]:
    """A factory: ``make_host(suite, layer, beside=None)`` gives a fresh host.

    Instead of a layer's name, it takes what ``host.freeze()`` of another host returned.
    *beside* is a host whose network the new one shares; *online* gives it this machine's.
    """
    with factory() as make:
        yield make


@pytest.fixture(scope='module')
def module_host() -> Iterator[Callable[..., Host]]:
    """As ``make_host``, for hosts that all tests of a module share."""
    with factory() as make:
        yield make


@pytest.fixture
def host(make_host: Callable[..., Host]) -> Host:
    """The smallest host: Debian 12 with Python 3."""
    return make_host('bookworm', 'base')


@pytest.fixture(scope='session')
def fork_of() -> Callable[..., Path]:
    """``fork_of(source='stock', revision=1, *options)`` gives the directory of packages that ./build.sh makes of it."""
    return packages.fork_of


@pytest.fixture(scope='module', params=debs.SUITES)
def ready(request: pytest.FixtureRequest, module_host: Callable[..., Host],
          fork_of: Callable[..., Path]) -> tuple[str, list[Path]]:
    """Suite and disk of a stock controller, all of it down, whose apt knows the fork; that is /root/fork.deb as well.

    Once booted, everything runs but the metadata service.
    """
    host = module_host(request.param, 'stack')
    fork = fork_of(request.param, 1, *debs.DEB)
    debs.offer_fork(host, fork)
    host.put(packages.library(fork), '/root/fork.deb')
    return request.param, host.freeze()
