"""The package of modules that an old nova needs where no distribution ships them any more; made in a chroot, once."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from builder.common import chroot
from builder.common.files import sha256

RECIPES = {'icehouse': 'icehouse-runtime'}
SUITE = 'bullseye'
CACHE = Path('~/.cache/nova-cascading/runtime')


def make(recipe: Path, to: Path) -> None:
    """Build the Debian package of a recipe that was laid out, in a chroot; *to* appears whole or not at all."""
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
    sums = [f'{path.relative_to(recipe)} {sha256(path)}' for path in sorted(recipe.rglob('*')) if path.is_file()]
    return sha256('\n'.join(sums).encode())[:16]
