"""Makes the package of modules that an old nova needs where no distribution ships them any more.

  ./build.sh runtime icehouse     nova-cascading-icehouse-runtime: Python 2.7 modules for nova 2014.1 to 2014.1.5,
                                  for Debian 11 (bullseye), the last one with Python 2.7, on amd64

The modules come from PyPI at versions of that release's day, each compared with its sha256; the package is made in a
bullseye chroot. It is kept in ~/.cache/nova-cascading and made anew only when its recipe or its maintainer changes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from builder.commands import options
from builder.common import workplace
from builder.common.files import deliver
from builder.common.progress import step
from builder.package import recipe, runtime


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('release', choices=sorted(runtime.RECIPES), metavar='RELEASE', help='icehouse')
    options.delivery(parser, 'it goes')


def run(args: argparse.Namespace) -> int:
    with workplace.directory() as work:
        source = recipe.lay_out(runtime.RECIPES[args.release], Path(work) / 'source')
        kept = runtime.CACHE.expanduser() / runtime.digest(source)
        if not kept.exists():
            with step(f'building the {args.release} runtime in a {runtime.SUITE} chroot'):
                runtime.make(source, kept)
    for path in deliver(sorted(kept.iterdir()), args.to):
        print(path)
    return 0
