"""The relations of the binary package: what it needs, and how it takes the stock package's place."""

from __future__ import annotations

import re

from builder.common.model import Fork, Stock, Tree
from builder.package import egginfo, standin

# Debian Policy 7.2 to 7.6; Description, Version and the like are our own.
KEPT = ('Recommends', 'Suggests', 'Enhances', 'Breaks')
# PyPI's names whose Debian package of 2014 is not python-<name>; None: part of Python 2.7 itself.
PYTHON2_NAMES = {'argparse': None, 'wsgiref': None, 'sqlalchemy-migrate': 'python-migrate', 'websockify': 'websockify',
                 'pyyaml': 'python-yaml', 'python-memcached': 'python-memcache', 'libvirt-python': 'python-libvirt',
                 'psycopg2': 'python-psycopg2', 'mysql-python': 'python-mysqldb', 'pycrypto': 'python-crypto'}

# The same of Python 3, as dh_python3 knows them: not by it, as every version of it knows others.
PYTHON3_NAMES = {'pyyaml': 'python3-yaml', 'setuptools': 'python3-pkg-resources',
                 'sqlalchemy-migrate': 'python3-migrate'}

# Ubuntu 14.04 has python-six 1.5.2, and its own Icehouse asks for no more.
UBUNTU_LOWERED = {'python-six (>= 1.6.0)': 'python-six (>= 1.5.2)'}


def of(fork: Fork, own_version: str) -> dict[str, str]:
    """The variable fields of debian/control: DEPENDS, and RELATIONS (whole lines)."""
    tree, stock = fork.tree, standin.of(fork.tree, 'deb')
    fields = stock.fields or (tree.like.fields if tree.like else {})
    relations = {**{name: fields[name] for name in KEPT if fields.get(name)},
                 'Provides': provides(tree, stock, own_version),
                 'Conflicts': joined(stock.name, fields.get('Conflicts', ''), older_name(tree)),
                 'Replaces': joined(stock.name, fields.get('Replaces', ''), older_name(tree))}
    return {'DEPENDS': depends(tree, stock),
            'RELATIONS': '\n'.join(f'{name}: {value}' for name, value in relations.items())}


def depends(tree: Tree, stock: Stock) -> str:
    """What the stock package depends on, to the letter; without one, what nova's requirements say, and what the stock
    package of the same series needs, so that nothing of it becomes superfluous on its hosts."""
    if stock.fields.get('Depends'):
        return stock.fields['Depends']
    own = ['python3:any', *python3_packages(egginfo.requirements(tree))] if tree.python == 3 else \
        ['python2:any | python:any (>= 2.7)', *lowered(tree, stock, python2_packages(egginfo.requirements(tree)))]
    return joined(*own, unbound(tree.like.fields.get('Depends', ''), tree.like.version) if tree.like else '')


def lowered(tree: Tree, stock: Stock, needed: list[str]) -> list[str]:
    is_ubuntus = 'ubuntu' in stock.version and tree.version.startswith('2014.1')
    return [UBUNTU_LOWERED.get(one, one) for one in needed] if is_ubuntus else needed


def unbound(depends: str, version: str) -> str:
    """Relations without those to packages of that very version."""
    return ', '.join(one.strip() for one in depends.split(',') if f'(= {version})' not in one)


def provides(tree: Tree, stock: Stock, own_version: str) -> str:
    """The stock package at its exact version, for the service packages' sake; and the name without the 3.

    Python 2: without a version as well, as apt before 1.1 drops a versioned one whole, for everybody.
    """
    stand_in = f'{stock.name} (= {stock.version})'
    if tree.python == 2:
        stand_in = f'{stock.name}, {stand_in}'
    alias = f'python-nova-cascading (= {own_version})' if tree.python == 3 else ''
    return joined(stock.fields.get('Provides', ''), stand_in, alias,
                  standin.ASSUMED if standin.is_guess(tree, 'deb') else '')


def older_name(tree: Tree) -> str:
    return 'python-nova-cascading' if tree.python == 3 else ''


def joined(*parts: str) -> str:
    return ', '.join(part for part in parts if part)


def python3_packages(requirements: list[str]) -> list[str]:
    """Debian's names for requirements of a Python 3 nova; without bounds, as distributions lower them.

    >>> python3_packages(['SQLAlchemy>=1.4.13', 'python-glanceclient', 'oslo.service[threading]', 'PyYAML'])
    ['python3-glanceclient', 'python3-oslo.service', 'python3-sqlalchemy', 'python3-yaml']
    """
    names = {found[0].lower() for found in (re.match(r'[A-Za-z0-9._-]+', line) for line in requirements) if found}
    return sorted(PYTHON3_NAMES.get(name, f'python3-{name.removeprefix("python-")}') for name in names)


def python2_packages(requirements: list[str]) -> list[str]:
    """Debian's names for requirements of a Python 2 nova, with their lower bounds.

    >>> python2_packages(['SQLAlchemy>=0.7.8,!=0.9.5', 'argparse', 'suds==0.4'])
    ['python-sqlalchemy (>= 0.7.8)', 'python-suds']
    """
    return [package for line in requirements for package in [_python2_package(line)] if package]


def _python2_package(requirement: str) -> str:
    name = re.match(r'[A-Za-z0-9._-]+', requirement)
    if name is None:
        return ''
    plain = name[0].lower()
    default = plain if plain.startswith('python-') else f'python-{plain}'
    package = PYTHON2_NAMES.get(plain, default)
    least = re.search(r'>=\s*([0-9A-Za-z.]+)', requirement)
    return f'{package} (>= {least[1]})' if package and least else package or ''
