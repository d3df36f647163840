"""Makes the package of modules that an old nova needs where no distribution ships them any more.

  ./build.sh runtime icehouse     nova-cascading-icehouse-runtime: Python 2.7 modules for nova 2014.1 to 2014.1.5,
                                  for Debian 11 (bullseye), the last one with Python 2.7, on amd64

The modules come from PyPI at versions of that release's day; the package is made in a bullseye chroot.
It is kept in ~/.cache/nova-cascading and made anew only when its recipe changes.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import tempfile
from pathlib import Path

from builder.commands.build import deliver
from builder.common import chroot
from builder.common.progress import step
from builder.common.project import PROJECT

RECIPES = {'icehouse': Path(__file__).resolve().parents[1] / 'package/recipes/icehouse-runtime'}
SUITE = 'bullseye'
CACHE = Path('~/.cache/nova-cascading/runtime')


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('release', choices=sorted(RECIPES), metavar='RELEASE', help='icehouse')
    parser.add_argument('--to', type=Path, default=PROJECT / 'dist', metavar='DIR', help='where it goes (dist/)')


def run(args: argparse.Namespace) -> int:
    recipe = RECIPES[args.release]
    kept = CACHE.expanduser() / digest(recipe)
    if not kept.exists():
        with step(f'building the {args.release} runtime in a {SUITE} chroot'):
            make(recipe, kept)
    for path in deliver(sorted(kept.iterdir()), args.to):
        print(path)
    return 0


def make(recipe: Path, to: Path) -> None:
    """Build the recipe's Debian package in a chroot; *to* appears whole or not at all."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='.making-', dir=to.parent) as made:
        out = Path(made) / 'out'
        out.mkdir()
        chroot.build(SUITE, build_depends(recipe), recipe, 'dpkg-buildpackage -b -us -uc && mv ../*.deb /out', out)
        shutil.copytree(out, Path(made) / 'whole')
        if not to.exists():  # another build may have been faster
            Path(made, 'whole').rename(to)


def build_depends(recipe: Path) -> list[str]:
    """What the recipe's debian/control asks for, as package names."""
    found = re.search(r'^Build-Depends: (.*)$', (recipe / 'debian/control').read_text(), re.MULTILINE)
    assert found, recipe
    names = [name.split()[0] for name in found.group(1).split(',')]
    return ['build-essential', *(name.replace('debhelper-compat', 'debhelper') for name in names)]


def digest(recipe: Path) -> str:
    """What a built package is recognised by: changes with any file of its recipe."""
    sums = [f'{path.relative_to(recipe)} {hashlib.sha256(path.read_bytes()).hexdigest()}'
            for path in sorted(recipe.rglob('*')) if path.is_file()]
    return hashlib.sha256('\n'.join(sums).encode()).hexdigest()[:16]
