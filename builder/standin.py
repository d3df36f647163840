"""Which stock package a fork stands in for, and what its own packages are called and versioned."""

from __future__ import annotations

import re
from dataclasses import replace

from builder.errors import UsageError
from builder.model import Stock, Tree

# Debian, Ubuntu and RDO raised their epochs when OpenStack changed its numbering with Liberty (12).
NEW_EPOCH_SINCE = 12
# A virtual package of packages whose stock version was guessed, in both families.
ASSUMED = 'nova-cascading-assumed-stock'


def of(tree: Tree, family: str) -> Stock:
    """The stock package that a fork of this tree replaces in one package family.

    :param family: ``deb`` or ``rpm``.
    :returns: the tree's own stock package in its own family; else the one that distributions ship for this release.
    Sources: Ubuntu 14.04 (nova 1:2014.1.5-0ubuntu1), Debian (epoch 2), RDO (no epoch up to Kilo, 1 from Liberty on).
    """
    if tree.stock is not None and tree.stock.family == family:
        return tree.stock
    name = 'python3-nova' if tree.python == 3 else 'python-nova'
    return Stock(name, default_version(tree, family), family)


def default_version(tree: Tree, family: str) -> str:
    since_liberty = NEW_EPOCH_SINCE <= tree.major < 2014
    if family == 'deb':
        release = '0ubuntu1' if tree.python == 2 else '1'
        return f'{2 if since_liberty else 1}:{tree.version}-{release}'
    epoch = '1:' if since_liberty else ''
    return f'{epoch}{tree.version}-1'


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
    if not re.fullmatch(r'(\d+:)?\d[A-Za-z0-9.+~^-]*-[A-Za-z0-9.+~_]+', version):
        raise UsageError(f'--stock-version {version}: not a full package version ([epoch:]version-release)',
                         'see `dpkg-query -W python3-nova` or `rpm -q --qf "%{evr}" python3-nova` on the target host')
    return replace(tree, stock=replace(of(tree, family), version=version))


def package_name(tree: Tree) -> str:
    """``python3-nova-cascading`` or, for a Python 2 nova, ``python-nova-cascading``."""
    return 'python3-nova-cascading' if tree.python == 3 else 'python-nova-cascading'
