"""Makes minimal stock packages of a nova release that no distribution ships any more.

  ./build.sh stock icehouse      python-nova, nova-common, nova-api, nova-conductor, nova-scheduler and nova-compute of
  ./build.sh stock 2014.1.2      the unpatched tree, for Debian 11 with the package that `./build.sh runtime` makes

SOURCE is what `./build.sh` takes too: a release, a tarball, a directory.
"""

from __future__ import annotations

import argparse
import configparser
import os
import shutil
import tempfile
import time
from pathlib import Path

from builder.commands.build import deliver
from builder.common import needs, project, tools
from builder.common.errors import BuildError
from builder.common.model import Tree
from builder.common.progress import step
from builder.common.project import PROJECT
from builder.package import egginfo, standin
from builder.source.obtain import obtain

RECIPE = Path(__file__).resolve().parents[1] / 'package/recipes/icehouse-stock'
INTERPRETER = '/usr/bin/python2.7'
SCRIPT = '''#!{interpreter}
import sys

from {module} import {function}

sys.exit({function}())
'''
CHANGELOG = '''nova ({version}) unstable; urgency=medium

  * Unchanged upstream release.

 -- nova-cascading developers <nova-cascading@localhost>  {date}
'''


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('source', metavar='SOURCE', help='an Icehouse release, or where its tree is')
    parser.add_argument('--to', type=Path, default=PROJECT / 'dist', metavar='DIR', help='where they go (dist/)')


def run(args: argparse.Namespace) -> int:
    tools.need(needs.of_command('stock'))
    with tempfile.TemporaryDirectory(prefix='nova-cascading-') as work:
        with step('getting the source'):
            tree = obtain(args.source, Path(work) / 'source')
        if tree.major != 2014 or not tree.version.startswith('2014.1'):
            raise BuildError(f'{tree.origin} is nova {tree.version}; minimal stock packages are for Icehouse, 2014.1.x',
                             "for other releases take the distribution's packages: apt-get download python3-nova")
        with step(f'building stock packages of nova {tree.version}'):
            built = build(tree, Path(work) / 'out', epoch=project.epoch())
        paths = deliver(built, args.to)
    print(*paths, sep='\n')
    return 0


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
    shutil.copytree(RECIPE, stage)
    shutil.copytree(tree.path / 'nova', stage / 'nova', symlinks=True)
    shutil.copytree(tree.path / 'etc', stage / 'etc', symlinks=True)
    info = egginfo.ensure(tree, stage)
    write_scripts(info / 'entry_points.txt', stage / 'scripts')
    date = time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime(epoch))
    version = standin.of(tree, 'deb').version
    (stage / 'debian/changelog').write_text(CHANGELOG.format(version=version, date=date))


def write_scripts(entry_points: Path, to: Path) -> None:
    to.mkdir()
    parsed = configparser.RawConfigParser(delimiters=['='])
    parsed.read_string(entry_points.read_text())
    for name, target in parsed.items('console_scripts'):
        module, function = target.split(':')
        path = to / name
        path.write_text(SCRIPT.format(interpreter=INTERPRETER, module=module, function=function))
        path.chmod(0o755)
