"""Makes minimal stock packages of a nova release that no distribution ships any more.

They are python-nova, nova-common, -api, -conductor, -scheduler and -compute of the unpatched tree, for Debian 11 with
the package of `./build.sh runtime`:

  ./build.sh stock icehouse
  ./build.sh stock 2014.1.2

SOURCE is what `./build.sh` takes too: a release, a tarball, a directory.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from builder.commands import options
from builder.common import needs, project, tools, workplace
from builder.common.errors import BuildError
from builder.common.files import deliver
from builder.common.progress import step
from builder.package import stockset
from builder.source.obtain import obtain


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('source', metavar='SOURCE', help='an Icehouse release, or where its tree is')
    options.delivery(parser)


def run(args: argparse.Namespace) -> int:
    tools.need(needs.of_command('stock'))
    with workplace.directory() as work:
        with step('getting the source'):
            tree = obtain(args.source, Path(work) / 'source')
        if tree.major != 2014 or not tree.version.startswith('2014.1'):
            raise BuildError(f'{tree.origin} is nova {tree.version}; minimal stock packages are for Icehouse, 2014.1.x',
                             "for other releases take the distribution's packages: apt-get download python3-nova")
        with step(f'building stock packages of nova {tree.version}'):
            built = stockset.build(tree, Path(work) / 'out', epoch=project.epoch())
        paths = deliver(built, args.to)
    print(*paths, sep='\n')
    return 0
