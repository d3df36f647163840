"""Which suite a package belongs to: one for each nova series and target, as the host's stock package says."""

from __future__ import annotations

import re

from builder.errors import BuildError

TESTING = '-testing'
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


def series(version: str) -> str:
    """The OpenStack series of a nova version.

    :param version: a package version, epoch and revision included: ``1:2014.1.5-0ubuntu1+cascading1``.
    :raises BuildError: when it does not begin like a nova version.
    """
    found = re.match(r'(?:\d+:)?((\d+)(?:\.\d+)?)', version)
    if not found:
        raise BuildError(f'{version!r} is not the version of a nova package',
                         'name the suite with --suite SERIES-TARGET')
    if found[1] in YEARS:
        return YEARS[found[1]]
    number = int(found[2]) - LIBERTY
    return SERIES[number] if 0 <= number < len(SERIES) else f'nova{found[2]}'


def of_deb(version: str) -> str:
    """``icehouse-trusty``, ``zed-bookworm``, …: read from the marks that distributions put into versions."""
    name = series(version)
    return f'{name}-{debian_target(version, name)}'


def debian_target(version: str, name: str) -> str:
    backport = re.search(r'(?:deb|bpo)(\d+)', version)
    if backport and int(backport[1]) in DEBIAN:
        return DEBIAN[int(backport[1])]
    if '~cloud' in version:
        return next((lts for lts, built in CLOUD_ARCHIVE.items() if name in built), 'cloud')
    if 'ubuntu' in version:
        return UBUNTU.get(name, 'ubuntu')
    return DEBIAN_SERIES.get(name, 'sid')


def of_rpm(version: str, python: str) -> str:
    """``icehouse-el6``, …: the release's dist tag or, without one, the Python whose site-packages it fills.

    :param version: ``[epoch:]version-release``.
    :param python: ``2.6``, …; '' when the package installs no Python code.
    """
    tag = re.search(r'\.((?:el|fc)\d+)', version)
    target = tag[1] if tag else ENTERPRISE_LINUX.get(python, f'python{python}' if python else 'rpm')
    return f'{series(version)}-{target}'


def in_channel(suite: str, channel: str) -> str:
    return suite + TESTING if channel == 'testing' else suite


def stable_of(suite: str) -> str:
    return suite[:-len(TESTING)] if suite.endswith(TESTING) else suite
