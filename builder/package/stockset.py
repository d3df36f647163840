"""Minimal stock packages of an Icehouse, which no distribution ships any more."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import time
from pathlib import Path

from builder.common import tools
from builder.common.errors import BuildError
from builder.common.maintainer import maintainer
from builder.common.model import Tree
from builder.package import egginfo, recipe, standin

RECIPE = 'icehouse-stock'
INTERPRETER = '/usr/bin/python2.7'
SCRIPT = '''#!{interpreter}
import sys

from {module} import {function}

sys.exit({function}())
'''
CHANGELOG = '''nova ({version}) unstable; urgency=medium

  * Unchanged upstream release.

 -- {maintainer}  {date}
'''


def build(tree: Tree, out: Path, *, epoch: int) -> list[Path]:
    """Make the packages of an unpatched tree.

    :param epoch: seconds since 1970, the time that goes into the packages.
    """
    stage = out / 'nova'
    lay_out(tree, stage, epoch)
    tools.run(['dpkg-buildpackage', '--build=all', '--no-sign', '--no-check-builddeps'], cwd=stage,
             env=dict(os.environ, SOURCE_DATE_EPOCH=str(epoch), TZ='UTC', LC_ALL='C.UTF-8'))
    return sorted(out.glob('*.deb'))


def lay_out(tree: Tree, stage: Path, epoch: int) -> None:
    """The Debian source directory: the recipe, what it takes of the tree, and what nova's setup.cfg would generate."""
    recipe.lay_out(RECIPE, stage)
    shutil.copytree(tree.path / 'nova', stage / 'nova', symlinks=True)
    shutil.copytree(tree.path / 'etc', stage / 'etc', symlinks=True)
    info = egginfo.ensure(tree, stage)
    write_scripts(info / 'entry_points.txt', stage / 'scripts')
    date = time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime(epoch))
    version = standin.of(tree, 'deb').version
    (stage / 'debian/changelog').write_text(CHANGELOG.format(version=version, date=date, maintainer=maintainer()))


def write_scripts(entry_points: Path, to: Path) -> None:
    to.mkdir()
    parsed = configparser.RawConfigParser(delimiters=['='])
    parsed.read_string(entry_points.read_text())
    for name, target in parsed.items('console_scripts'):
        module, _, function = target.partition(':')
        if not all(re.fullmatch(r'\w[\w.-]*', word) for word in (name, module, function)):
            raise BuildError(f'nova is said to have the command {name!r}, which calls {target!r}: that is none',
                             'get the source again from where it was released')
        path = to / name
        path.write_text(SCRIPT.format(interpreter=INTERPRETER, module=module, function=function))
        path.chmod(0o755)
