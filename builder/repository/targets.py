"""Which suite a package belongs to: one for each nova series and target, as the host's stock package says."""

from __future__ import annotations

import re
from typing import NamedTuple

from builder.common.errors import BuildError
from builder.package import standin
from builder.source import series as nova_series

TESTING = '-testing'
# Of packages whose stock version nobody has seen: apt and dnf take the highest version of a suite, right or not.
GUESSED = '-guessed'
CHANNELS = ('stable', 'testing')

DEBIAN = {8: 'jessie', 9: 'stretch', 10: 'buster', 11: 'bullseye', 12: 'bookworm', 13: 'trixie', 14: 'forky'}
# The Python in an rpm's paths, where its release has no %{?dist}.
ENTERPRISE_LINUX = {python: target for target, python in standin.PYTHONS.items()}

# Targets whose apt knows no signed-by, and whose yum has no priority above 99.
APT_BEFORE_1_1 = ('precise', 'trusty', 'utopic', 'vivid', 'wily', 'jessie')
YUM3 = ('el6', 'el7')
# Their dpkg ignores the version in a Provides: there the service packages must be offered too.
DPKG_BEFORE_1_17_11 = ('precise', 'trusty')


def number(version: str) -> str:
    """What orders the releases of nova: ``2014.1`` of ``1:2014.1.5-0ubuntu1``, ``26`` of ``2:26.2.2-1``.

    :raises BuildError: when it does not begin like a nova version.
    """
    found = nova_series.number(version)
    if found is None:
        raise BuildError(f'{version!r} is not the version of a nova package',
                         'name the suite with --suite SERIES-TARGET')
    return found


def series(version: str) -> str:
    """The OpenStack series of a nova version.

    :param version: a package version, epoch and revision included: ``1:2014.1.5-0ubuntu1+cascading1``.
    """
    found = number(version)
    known = nova_series.of(version)
    return known.name if known else f'nova{found}'


class Home(NamedTuple):
    """Where packages of a kind go.

    :param name: the stable suite.
    :param marks: what in their versions says so; tables that learn a new name change ``name``, never this. '' when the
        user named the suite.
    """

    name: str
    marks: str = ''


def of_deb(version: str, guessed: bool = False) -> Home:
    """``icehouse-trusty``, ``zed-bookworm``, …: read from the marks that distributions put into versions.

    :param guessed: the version is one that nobody has seen; its packages get a suite of their own.
    """
    name = series(version)
    backport = re.search(r'(?:deb|bpo)(\d+)', version)
    mark = backport[0] if backport else next((mark for mark in ('cloud', 'ubuntu') if mark in version), '')
    own = GUESSED if guessed else ''
    return Home(f'{name}-{debian_target(version, name)}{own}', f'deb {number(version)} {mark}{own}')


def debian_target(version: str, name: str) -> str:
    backport = re.search(r'(?:deb|bpo)(\d+)', version)
    if backport and int(backport[1]) in DEBIAN:
        return DEBIAN[int(backport[1])]
    known = nova_series.called(name)
    if '~cloud' in version:
        return known and known.cloud_archive or 'cloud'
    if 'ubuntu' in version:
        return known and known.ubuntu or 'ubuntu'
    return known and known.debian or 'sid'


def of_rpm(version: str, python: str, guessed: bool = False) -> Home:
    """``icehouse-el6``, …: the release's dist tag or, without one, the Python whose site-packages it fills.

    :param version: ``[epoch:]version-release``.
    :param python: ``2.6``, …; '' when the package installs no Python code.
    :param guessed: as for ``of_deb``.
    """
    tag = re.search(r'\.((?:el|fc)\d+)', version)
    target = tag[1] if tag else ENTERPRISE_LINUX.get(python, f'python{python}' if python else 'rpm')
    own = GUESSED if guessed else ''
    return Home(f'{series(version)}-{target}{own}', f'rpm {number(version)} {tag[1] if tag else python}{own}')


def settled(name: str) -> bool:
    """Does the name say a series and a target that the tables know?  Others may be called otherwise one day."""
    series_name, _, target = name.partition('-')
    unsettled = re.match(r'(sid|cloud|ubuntu|rpm|python[\d.]*)(-|$)', target)
    return nova_series.called(series_name) is not None and not unsettled


def in_channel(suite: str, channel: str) -> str:
    return suite + TESTING if channel == 'testing' else suite


def stable_of(suite: str) -> str:
    return suite[:-len(TESTING)] if suite.endswith(TESTING) else suite


def target_of(suite: str) -> str:
    """``trusty`` of ``icehouse-trusty-guessed-testing``."""
    return stable_of(suite).partition('-')[2].removesuffix(GUESSED)


def enabling(suite: str) -> str:
    """The option that yum or dnf needs to see a suite, ' --enablerepo=…' or '': see nova-cascading.repo."""
    testing = TESTING if suite.endswith(TESTING) else ''
    return f' --enablerepo=nova-cascading{testing}' if testing or target_of(suite) in YUM3 else ''
