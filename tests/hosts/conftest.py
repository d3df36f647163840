"""Fixtures for tests on real hosts: chroots of Debian releases in namespaces of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hosts.lib import debs, disks, kinds, order, packages, templates  # noqa: F401  kinds registers the common layers
from tests.hosts.lib.errors import Incapable
from tests.hosts.lib.host import Host
from tests.hosts.lib.machine import Machine

LIVE: list[Host] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption('--keep-failed', action='store_true', help='keep the disks of hosts whose test failed')
    parser.addoption('--everywhere', action='store_true', help='run what one suite shows for all on the others as well')


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip all where there can be no hosts; otherwise, what took longest the last time comes first."""
    if not config.getoption('--everywhere'):
        leave_out(config, items)
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    try:
        templates.require()
    except Incapable as reason:
        for item in here:
            item.add_marker(pytest.mark.skip(f'SKIPPED: {reason}'))
    order.arrange(items)


def leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what is marked as for --everywhere."""
    config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker('everywhere')])
    items[:] = [item for item in items if not item.get_closest_marker('everywhere')]


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, 'workerinput'):
        disks.sweep(templates.CACHE)
        order.fix()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = (yield).get_result()
    if report.failed and item.config.getoption('--keep-failed'):
        report.sections += [('A shell in this host, whose disk is kept', host.keep()) for host in LIVE]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    order.record(terminalreporter)


@contextlib.contextmanager
def factory() -> Iterator[Callable[..., Host]]:
    """Hosts that end together."""
    hosts: list[Host] = []

    def make(suite: str = 'bookworm', layer: str | list[Path] = 'base', beside: Host | None = None,
             online: bool = False) -> Host:
        layers = layer if isinstance(layer, list) else templates.directories(suite, layer)
        hosts.append(Host(suite, Machine(layers, network=beside.machine if beside else 'outer' if online else 'own')))
        LIVE.append(hosts[-1])
        return hosts[-1]

    try:
        yield make
    finally:
        for host in reversed(hosts):
            LIVE.remove(host)
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
