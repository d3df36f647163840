"""Recipes: Debian source packages in ``recipes/`` that lack only what is decided when they are used."""

from __future__ import annotations

import shutil
from pathlib import Path

from builder.common.maintainer import maintainer

RECIPES = Path(__file__).with_name('recipes')


def lay_out(name: str, to: Path) -> Path:
    """Copy a recipe, with the maintainer filled in.

    :param to: where; must not exist yet.
    """
    shutil.copytree(RECIPES / name, to)
    for path in (to / 'debian/control', to / 'debian/changelog'):
        if path.exists():
            text = path.read_text(encoding='utf-8')
            path.write_text(text.replace('@MAINTAINER@', str(maintainer())), encoding='utf-8')
    return to
