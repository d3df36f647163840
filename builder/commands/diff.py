"""Prints what the fork changes in a nova, as patches with DEP-3 headers; builds nothing.

SOURCE is a release (2014.1.5, zed), a path (tarball, directory, git checkout, .deb, .rpm, .dsc, .src.rpm), or
nothing: the nova library package that this host's package manager offers.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from builder.common import workplace
from builder.common.files import deliver
from builder.fork import making, quilt
from builder.source.obtain import obtain


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('source', nargs='?', metavar='SOURCE', help='the nova to look at (see above)')
    parser.add_argument('--to', type=Path, metavar='DIR', help='write a quilt series into DIR instead')


def run(args: argparse.Namespace) -> int:
    with workplace.directory() as work:
        tree = obtain(args.source, Path(work))
        made = making.make(tree)
        if args.to:
            print(*deliver(quilt.write(made, Path(work) / 'quilt'), args.to), sep='\n')
            return 0
    print(f'nova {tree.version} from {tree.origin}', file=sys.stderr)
    for result in made.report:
        print(f'  {result.rule}: {result.state}{f" ({result.why})" if result.why else ""}', file=sys.stderr)
    for _, text in quilt.series(made):
        sys.stdout.buffer.write(text.encode() + b'\n')
    return 0
