"""Makes the forked source for virtualenvs and containers: an sdist and its wheel, for pip, Kolla, LOCI and devstack.

SOURCE is a release (26.3.0, zed), its tarball, or a git checkout of nova; without one, the latest release. nova's
version stays as it is, so that upper-constraints match. The wheel's build tag (nova-26.3.0-1cascading2-…) and the
summary that `pip show nova` prints tell the fork from stock.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from urllib.parse import quote

from builder.commands import build, options
from builder.common import project, workplace
from builder.common.files import deliver, sha256
from builder.common.progress import step
from builder.fork import making
from builder.package import sdist
from builder.package.sdist import branch
from builder.package.sdist.branch import Branch
from builder.source.obtain import obtain


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('source', nargs='?', default='latest', metavar='SOURCE', help='what to fork (see above)')
    options.delivery(parser)
    parser.add_argument('--revision', type=options.positive, default=1, metavar='N',
                        help='the number in front of the build tag (1)')
    parser.add_argument('--git', type=Path, metavar='DIR',
                        help='also add the source as a branch to this bare git repository, made if it is not there')
    parser.add_argument('--source-only', action='store_true', help='make no wheel, which needs a package index once')


def run(args: argparse.Namespace) -> int:
    with workplace.directory() as work:
        with step('getting the source'):
            tree = obtain(args.source, Path(work) / 'source', documents=True)
        print(f'nova {tree.version} from {tree.origin}' + (f'\nmodified: {tree.modified}' if tree.modified else ''))
        if args.git:
            branch.look(tree, args.git)
        with step('applying and verifying the fork'):
            made = making.make(tree)
        build.report(made)
        out = Path(work) / 'out'
        out.mkdir()
        with step('building the sdist' if args.source_only else 'building the sdist and the wheel'):
            built = sdist.build(made, out, revision=args.revision, epoch=project.epoch(), source_only=args.source_only)
        paths = deliver(built, args.to)
        summary(tree.version, paths)
        if args.git:
            show(args.git, branch.write(sdist.source(made, args.revision), tree, args.git, revision=args.revision,
                                        epoch=project.epoch()))
    return 0


def summary(version: str, paths: list[Path]) -> None:
    print('\nBuilt:')
    for path in paths:
        print(f'  {sha256(path)}  {path}')
    print(f'\nIn a virtualenv with nova {version}; what nova needs stays as it is:\n'
          f'  pip install --no-deps --force-reinstall {paths[-1].name}\n  nova-manage db sync\n'
          'Then restart the services, nova-conductor first. The way back: nova-cascading uninstall')


def show(repository: Path, made: Branch) -> None:
    print(f'\n{repository}: branch {made.name}, commit {made.commit}{f", tag {made.tag}" if made.tag else ""}\n'
          f'  pip install git+file://{quote(str(repository.resolve()))}@{made.name}#egg=nova')
