"""What the builder tells the spec: macros that stand in front of it."""

from __future__ import annotations

import re
import time

from builder.common import project
from builder.common.maintainer import maintainer
from builder.common.model import Stock, Tree
from builder.package import standin
from builder.package.rpm import evr


def of(tree: Tree, patches: list[str], requires: list[str], *, revision: int, epoch: int) -> str:
    """The macros for one tree, as spec text.

    :param patches: names of the patches in the order they apply.
    :param requires: what stands in the Requires fields.
    :param epoch: the time of the changelog entry, in seconds since 1970.
    """
    stock = standin.of(tree, 'rpm')
    full = evr.parse(stock.version)
    numbered = [(f'PATCH{number}', name) for number, name in enumerate(patches, 1)]
    macros = {
        'cascading_name': standin.package_name(tree),
        'cascading_revision': revision,
        'cascading_packager': maintainer(),
        'cascading_made_by': f'nova-cascading {project.label()}',
        'cascading_made_of': tree.made_of,
        'cascading_date': time.strftime('%a %b %d %Y', time.gmtime(epoch)),
        'nova_epoch': full.epoch,
        'nova_version': full.version,
        'nova_python': python_of(stock),
        'pymajor': tree.python,
        'stock_name': stock.name,
        'stock_evr': full,
        'stock_release': full.release,
        # A stock rpm is followed in everything it ships; elsewhere nova's tests stay out.
        'stock_is_rpm': int(bool(stock.fields)),
    }
    known = {name: value for name, value in macros.items() if value is not None}
    return (''.join(f'%global {name} {value}\n' for name, value in known.items())
            + lines('cascading_patches', [f'{tag.capitalize()}: {name}' for tag, name in numbered])
            + lines('cascading_requires', [f'Requires: {name}' for name in requires])
            + lines('cascading_provides', [f'Provides: {name}' for name in more_provides(stock, full)]
                    + ([f'Provides: {standin.ASSUMED}'] if standin.is_guess(tree, 'rpm') else []))
            # Not %global: the paths are known only when the spec has named its patches.
            + f"%define cascading_patch_paths {' '.join('%{' + tag + '}' for tag, _ in numbered)}\n\n")


def lines(macro: str, words: list[str]) -> str:
    """A macro that stands for several lines of the spec."""
    return f'%define {macro} \\\n' + ''.join(f'{word} \\\n' for word in words) + '%{nil}\n'


def more_provides(stock: Stock, full: evr.Evr) -> list[str]:
    """What else the stock rpm provides under its version, e.g. ``python-nova`` beside ``python3-nova``."""
    provided = [' '.join(line.split()) for line in stock.fields.get('Provides', '').splitlines()]
    return [line for line in provided
            if line.endswith(f' = {full}') and not line.startswith((f'{stock.name} ', 'python3dist', 'python3.'))]


def python_of(stock: Stock) -> str | None:
    """The Python that the stock rpm is for, from what rpmbuild noted in it, or its dist tag says; else None."""
    found = re.search(r'python\(abi\)\s+=\s+(\d+\.\d+)', stock.fields.get('Requires', ''))
    return found.group(1) if found else standin.python_of(stock.version)
