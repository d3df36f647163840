"""What the rpm requires besides what rpmbuild's own generators find."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from builder.common import tools
from builder.common.errors import BuildError
from builder.common.model import Stock, Tree
from builder.common.project import PROJECT
from builder.package import egginfo

NAMES = PROJECT / 'rpm/python2-names'
# Which Debian package holds which Python distribution, as dh_python3 knows it.
DEBIAN_NAMES = Path('/usr/share/dh-python/dist/cpython3_fallback')
# Not Python modules, so no requirements file names them (RDO's python-nova requires the same).
PYTHON2_TOOLS = ['MySQL-python', 'openssl', 'sudo']
# rpmbuild writes these into every package by itself.
GENERATED = re.compile(r'(rpmlib|config)\(|python\(abi\)|/usr/bin/python')


def of(tree: Tree, stock: Stock) -> list[str]:
    """The Requires for the spec: the stock rpm's own when the tree came from one.

    Else for Python 3 none, as rpmbuild reads the egg-info (Fedora's Python guidelines, "Automatically generated
    dependencies"), or, when the tree came from a .deb, whose egg-info names none, those of the .deb; for Python 2
    nova's requirements under the names that EL gave to them.
    """
    if stock.fields.get('Requires'):
        given = (' '.join(line.split()) for line in stock.fields['Requires'].splitlines())
        return [line for line in dict.fromkeys(given) if not GENERATED.match(line)]
    if tree.python == 2:
        return python2(egginfo.requirements(tree))
    return list(from_deb(tree.stock.fields.get('Depends', ''))) if tree.stock else []


def python2(requirements: list[str]) -> list[str]:
    """Package names for lines such as ``SQLAlchemy>=0.7.8,!=0.9.5``.

    :raises BuildError: naming the requirements that rpm/python2-names does not know.
    """
    names = dict(line.split() for line in NAMES.read_text().splitlines() if not line.startswith('#'))
    wanted = {re.split(r'[^A-Za-z0-9._-]', line)[0].lower() for line in requirements}
    unknown = sorted(wanted - names.keys())
    if unknown:
        raise BuildError(f'no rpm name is known for what nova requires: {", ".join(unknown)}', f'add it to {NAMES}')
    return sorted({names[name] for name in wanted} - {'-'} | set(PYTHON2_TOOLS))


def from_deb(depends: str) -> Iterator[str]:
    """The Python distributions among a .deb's Depends, as ``pythonX.Ydist(name) >= version``."""
    distributions = debian_distributions()
    for word in depends.split(','):
        found = re.match(r'\s*(python3-[a-z0-9.+-]+)(?:\s*\(>= (?:\d+:)?([0-9][0-9.]*[0-9]))?', word)
        if found and found.group(1) in distributions:
            version = f' >= {found.group(2)}' if found.group(2) else ''
            yield f'python%{{nova_python}}dist({distributions[found.group(1)]}){version}'


def debian_distributions() -> dict[str, str]:
    """Debian package -> Python distribution; packages that hold several are left out."""
    tools.need([str(DEBIAN_NAMES)])
    held: dict[str, list[str]] = {}
    for line in DEBIAN_NAMES.read_text().splitlines():
        distribution, _, package = line.partition(' ')
        held.setdefault(package.split()[0] if package else '', []).append(distribution)
    return {package: names[0].lower().replace('_', '-') for package, names in held.items() if len(names) == 1}
