"""Which stock package a fork stands in for, and what its own packages are called and versioned."""

from __future__ import annotations

import re
from dataclasses import replace

from builder.common.errors import UsageError
from builder.common.model import Stock, Tree
from builder.source import series

# First series -> epoch from then on; numbers fell from 2015.1 to 12 with Liberty. Real versions and their sources:
# tests/data/stock-versions.tsv.
EPOCHS = {'rpm': {0: '', 12: '1:'}, 'ubuntu': {0: '1:', 12: '2:', 23: '3:'}, 'debian': {18: '2:'}}
# What a dist tag says of an enterprise Linux: the Python of its nova packages.
PYTHONS = {'el6': '2.6', 'el7': '2.7', 'el8': '3.6', 'el9': '3.9', 'el10': '3.12'}
# RDO's name of the library on EL7: Stein and Train had both Pythons. nova itself is for Python 3 alone from 21 on.
BOTH_PYTHONS = range(19, 21)
PYTHON3_SINCE = 18
PYTHON3_ONLY = 21
# Full versions of packages that distributions have; half of a file's name is left for the rest of it.
FULL = {'deb': re.compile(r'(?=.{1,120}\Z)([0-9]{1,9}:)?[0-9][A-Za-z0-9.+~-]*-[A-Za-z0-9.+~]+'),
        'rpm': re.compile(r'(?=.{1,120}\Z)([0-9]{1,9}:)?[0-9][A-Za-z0-9.+~^_]*-[A-Za-z0-9.+~^_]+')}
# What shows on a host the version of its stock package, with the epoch.
ASKED = {'deb': 'dpkg-query -W {0}', 'rpm': "rpm -q --qf '%{{evr}}\\n' {0}"}
# A virtual package of packages whose stock version was guessed, in both families.
ASSUMED = 'nova-cascading-assumed-stock'


def of(tree: Tree, family: str) -> Stock:
    """The stock package that a fork of this tree replaces in one package family.

    :param family: ``deb`` or ``rpm``.
    :returns: the tree's own stock package in its own family; else the first that a distribution made of this release:
        RDO; of debs Debian, where a release of it has this series or Ubuntu has none, else Ubuntu.
    """
    if tree.stock is not None and tree.stock.family == family:
        return tree.stock
    name = 'python3-nova' if tree.python == 3 else 'python-nova'
    return Stock(name, default_version(tree, family), family)


def default_version(tree: Tree, family: str) -> str:
    if family == 'rpm':
        return f'{epoch("rpm", tree)}{tree.version}-1'
    known = series.of(tree.version)
    if tree.python == 3 and (known is None or known.debian or not known.ubuntu):
        return f'{epoch("debian", tree)}{tree.version}-1'
    return f'{epoch("ubuntu", tree)}{tree.version}-0ubuntu1'


def epoch(whose: str, tree: Tree) -> str:
    number = 0 if tree.major >= 2014 else tree.major
    return [text for first, text in EPOCHS[whose].items() if first <= number][-1]


def is_guess(tree: Tree, family: str) -> bool:
    """Has nobody seen the stock package that the fork stands in for?  Then its packages provide ASSUMED, and `publish`
    keeps them apart."""
    return tree.stock is None or tree.stock.family != family


def override(tree: Tree, version: str | None, family: str) -> Tree:
    """The same tree, standing in for another version of the stock package, as ``--stock-version`` says.

    :raises UsageError: when that is not a version of this family.
    """
    if version is None:
        return tree
    if not FULL[family].fullmatch(version):
        raise UsageError(f'--stock-version {version}: not a full version of a {family} ([epoch:]version-release)',
                         'see `dpkg-query -W python3-nova` or `rpm -q --qf "%{evr}" python3-nova` on the target host')
    stock = of(tree, family)
    if family == 'rpm':
        stock = replace(stock, name=rpm_name(tree, stock.name, version))
    return replace(tree, stock=replace(stock, version=version))


def python_of(version: str) -> str | None:
    """The Python of the release that an rpm's dist tag names (``.el7`` is 2.7); None without one that we know."""
    tag = re.search(r'\.(el\d+)', version)
    return PYTHONS.get(tag[1]) if tag else None


def rpm_name(tree: Tree, name: str, version: str) -> str:
    """What RDO calls the library on the release that the dist tag names.

    :raises UsageError: this nova never ran on that release's Python.
    """
    python = python_of(version)
    if python is None or tree.stock is not None and tree.stock.family == 'rpm':
        return name
    number = 0 if tree.major >= 2014 else tree.major
    if python[0] == '3' if number < PYTHON3_SINCE else python[0] == '2' and number >= PYTHON3_ONLY:
        raise UsageError(f'--stock-version {version}: that release has Python {python}, on which nova {tree.version} '
                         'does not run', 'give the version that `rpm -q --qf "%{evr}" python-nova` prints on the host')
    if python[0] == '3':
        return 'python3-nova'
    return 'python2-nova' if number in BOTH_PYTHONS else 'python-nova'


def package_name(tree: Tree) -> str:
    """``python3-nova-cascading`` or, for a Python 2 nova, ``python-nova-cascading``."""
    return 'python3-nova-cascading' if tree.python == 3 else 'python-nova-cascading'
