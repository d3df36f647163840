"""Which suite a package belongs to: one for each nova series and target, as the host's stock package says."""

from __future__ import annotations

import re
from typing import NamedTuple

from builder.common.errors import BuildError

TESTING = '-testing'
# Of packages whose stock version nobody has seen: apt and dnf take the highest version of a suite, right or not.
GUESSED = '-guessed'
CHANNELS = ('stable', 'testing')

# releases.openstack.org; nova 2014.1 to 2015.1 carried the year, Liberty is 12.
YEARS = {'2014.1': 'icehouse', '2014.2': 'juno', '2015.1': 'kilo'}
LIBERTY = 12
# Every series in order, and the Ubuntu that shipped it.
UBUNTU = {
    'icehouse': 'trusty', 'juno': 'utopic', 'kilo': 'vivid', 'liberty': 'wily', 'mitaka': 'xenial',
    'newton': 'yakkety', 'ocata': 'zesty', 'pike': 'artful', 'queens': 'bionic', 'rocky': 'cosmic', 'stein': 'disco',
    'train': 'eoan', 'ussuri': 'focal', 'victoria': 'groovy', 'wallaby': 'hirsute', 'xena': 'impish', 'yoga': 'jammy',
    'zed': 'kinetic', 'antelope': 'lunar', 'bobcat': 'mantic', 'caracal': 'noble', 'dalmatian': 'oracular',
    'epoxy': 'plucky', 'flamingo': 'questing', 'gazpacho': 'resolute',
}
SERIES = list(UBUNTU)[len(YEARS):]
# The LTS for which the Cloud Archive rebuilt a series (~cloud0 in the version).
CLOUD_ARCHIVE = {'precise': ['icehouse'], 'trusty': ['juno', 'kilo', 'liberty', 'mitaka'],
                 'xenial': ['newton', 'ocata', 'pike', 'queens'], 'bionic': ['rocky', 'stein', 'train', 'ussuri'],
                 'focal': ['victoria', 'wallaby', 'xena', 'yoga'],
                 'jammy': ['zed', 'antelope', 'bobcat', 'caracal'],
                 'noble': ['dalmatian', 'epoxy', 'flamingo', 'gazpacho']}
DEBIAN = {8: 'jessie', 9: 'stretch', 10: 'buster', 11: 'bullseye', 12: 'bookworm', 13: 'trixie', 14: 'forky'}
DEBIAN_SERIES = {'icehouse': 'jessie', 'newton': 'stretch', 'rocky': 'buster', 'victoria': 'bullseye',
                 'zed': 'bookworm', 'epoxy': 'trixie'}
# The Python in an rpm's paths, where its release has no %{?dist}.
ENTERPRISE_LINUX = {'2.6': 'el6', '2.7': 'el7', '3.6': 'el8', '3.9': 'el9', '3.12': 'el10'}

# Targets whose apt knows no signed-by, and whose yum has no priority above 99.
APT_BEFORE_1_1 = ('precise', 'trusty', 'utopic', 'vivid', 'wily', 'jessie')
YUM3 = ('el6', 'el7')
# Their dpkg ignores the version in a Provides: there the service packages must be offered too.
DPKG_BEFORE_1_17_11 = ('precise', 'trusty')


def number(version: str) -> str:
    """What orders the releases of nova: ``2014.1`` of ``1:2014.1.5-0ubuntu1``, ``26`` of ``2:26.2.2-1``.

    :raises BuildError: when it does not begin like a nova version.
    """
    found = re.match(r'(?:\d+:)?((\d{1,6})(?:\.\d+)?)', version)
    if not found:
        raise BuildError(f'{version!r} is not the version of a nova package',
                         'name the suite with --suite SERIES-TARGET')
    return found[1] if found[1] in YEARS else found[2]


def series(version: str) -> str:
    """The OpenStack series of a nova version.

    :param version: a package version, epoch and revision included: ``1:2014.1.5-0ubuntu1+cascading1``.
    """
    found = number(version)
    if found in YEARS:
        return YEARS[found]
    place = int(found) - LIBERTY
    return SERIES[place] if 0 <= place < len(SERIES) else f'nova{found}'


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
    if '~cloud' in version:
        return next((lts for lts, built in CLOUD_ARCHIVE.items() if name in built), 'cloud')
    if 'ubuntu' in version:
        return UBUNTU.get(name, 'ubuntu')
    return DEBIAN_SERIES.get(name, 'sid')


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
    return series_name in UBUNTU and not re.match(r'(sid|cloud|ubuntu|rpm|python[\d.]*)(-|$)', target)


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
