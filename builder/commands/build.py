"""Makes python-nova-cascading packages, deb and rpm, of any nova.

SOURCE is one of
  (nothing)        the nova library package that this host's package manager offers
  2014.1.5, zed    a release, by number or code name (icehouse = 2014.1.5)
  PATH             a release tarball, directory, git checkout, .deb, .rpm, .dsc or .src.rpm

The packages land in dist/; nothing is left there when a step fails.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Callable

from builder.commands import options
from builder.common import manager, needs, project, workplace
from builder.common.errors import UsageError
from builder.common.files import deliver, sha256
from builder.common.model import Fork, Tree
from builder.common.progress import say, step
from builder.fork import making
from builder.package import standin
from builder.package.deb import build as deb
from builder.package.deb import companions
from builder.package.deb import howto as apt
from builder.package.rpm import build as rpm
from builder.package.rpm import howto as yum
from builder.source import stock
from builder.source.obtain import obtain

BUILDERS: dict[str, Callable[..., list[Path]]] = {'deb': deb.build, 'rpm': rpm.build}
FAMILIES = tuple(BUILDERS)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('source', nargs='?', metavar='SOURCE', help='what to build from (see above)')
    options.delivery(parser)
    parser.add_argument('--only', choices=FAMILIES, help='make the packages of one family')
    parser.add_argument('--revision', type=options.positive, default=1, metavar='N', help='the N of +cascadingN (1)')
    parser.add_argument('--source-only', action='store_true',
                        help='only .dsc and .src.rpm, with a _source.changes for dput, Launchpad, OBS, mock and COPR')
    parser.add_argument('--stock-version', metavar='V',
                        help='the exact version of the stock package to stand in for; needs --only')
    parser.add_argument('--companions', type=Path, metavar='DIR',
                        help='for dpkg before 1.17.11: re-version the stock service debs in DIR to depend on the fork')


def run(args: argparse.Namespace) -> int:
    families = [args.only] if args.only else default_families()
    check_usage(args, families)
    with workplace.directory() as work:
        with step('getting the source'):
            tree = obtain(args.source, Path(work) / 'source')
        print(f'nova {tree.version} from {tree.origin}' + (f'\nmodified: {tree.modified}' if tree.modified else ''))
        target = standing_in(tree, args, families)
        with step('applying and verifying the fork'):
            made = making.make(target)
        report(made)
        built = package(made, families, Path(work) / 'out', args)
        paths = deliver(built, args.to)
    summary(made, paths, families)
    return 0


def default_families() -> list[str]:
    """Both; on EL and Fedora rpm alone, unless Debian's tools are there."""
    if manager.family() == 'deb' or not needs.missing(['dpkg-buildpackage', 'dh_builddeb']):
        return list(FAMILIES)
    say('note: rpm only, as debs need debhelper: build those on Debian or Ubuntu')
    return ['rpm']


def standing_in(tree: Tree, args: argparse.Namespace, families: list[str]) -> Tree:
    """The tree with the stock package that it stands in for, as far as it is known, and the one that is like it."""
    like = stock.alike(tree) if 'deb' in families else None
    if like:
        print(f'needs what {like.name} {like.version}, of this machine\'s apt, needs')
        tree = replace(tree, like=like)
    if args.stock_version and tree.stock is None:
        say(f'note: this is nova {tree.version} as it was released. What a vendor has patched in {args.stock_version}, '
            f'security fixes included, is NOT in it, and hosts lose it.\n'
            f'  Next: build from the package itself: ./build.sh THE_PACKAGE.{families[0]}')
    if args.companions and not args.stock_version and standin.is_guess(tree, 'deb'):
        # The companions are refused unless they need exactly that stock package: no guess any more.
        return standin.override(tree, standin.of(tree, 'deb').version, 'deb')
    return standin.override(tree, args.stock_version, families[0])


def check_usage(args: argparse.Namespace, families: list[str]) -> None:
    if args.stock_version and len(families) > 1:
        raise UsageError('--stock-version belongs to one package family', 'add --only deb or --only rpm')
    if args.companions and args.source_only:
        raise UsageError('--companions are binary packages, but --source-only was given', 'leave one of them out')
    if args.companions and 'deb' not in families:
        raise UsageError('--companions are debs, but --only rpm was given', 'leave --only out')


def report(made: Fork) -> None:
    for result in made.report:
        print(f'  {result.rule:<26}{result.state:<16}{result.path}{": " + result.why if result.why else ""}')


def package(made: Fork, families: list[str], out: Path, args: argparse.Namespace) -> list[Path]:
    """Build every family side by side; all of them succeed, or none is delivered."""
    out.mkdir()
    epoch = project.epoch()

    def one(build: Callable[..., list[Path]]) -> list[Path]:
        return build(made, out, revision=args.revision, epoch=epoch, source_only=args.source_only)

    with step(f'building {" and ".join(families)}'), ThreadPoolExecutor() as pool:
        made_paths = [path for paths in pool.map(one, (BUILDERS[family] for family in families)) for path in paths]
    if args.companions:
        made_paths += companions.build(made, args.companions, out, revision=args.revision, epoch=epoch)
    return made_paths


def summary(made: Fork, paths: list[Path], families: list[str]) -> None:
    print('\nBuilt:')
    for path in sorted(paths):
        print(f'  {sha256(path)}  {path}')
    print('\nThey take the place of exactly this package; a host with another version of it needs a fork of that one:')
    for family in families:
        print(f'  {family}: {stands_for(made.tree, family)}')
    debs = [path for path in paths if path.suffix == '.deb']
    rpms = [path for path in paths if path.name.endswith('.noarch.rpm')]
    if not debs and not rpms:
        return
    print('\nInstall on the controller:')
    for line in apt.install(debs) + yum.install(rpms):
        print(f'  {line}')


def stands_for(tree: Tree, family: str) -> str:
    """The stock package, and what to do where it is not the one that a host has."""
    replaced = standin.of(tree, family)
    asked = standin.ASKED[family].format(replaced.name)
    if standin.is_guess(tree, family):
        return (f'{replaced.name} {replaced.version}, an assumption, as it was made from no {family}. If `{asked}` '
                f'on the host says another: ./build.sh … --only {family} --stock-version THAT, '
                f'or ./build.sh THE_PACKAGE.{family}')
    return f'{replaced.name} {replaced.version}; see `{asked}` on the host'
