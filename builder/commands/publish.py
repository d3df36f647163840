"""Puts packages into a signed repository, apt, yum and pip side by side, and switches readers to it in one step.

A package goes to the suite of its nova series and target (icehouse-trusty, zed-bookworm, icehouse-el7), as its
version says. What was built without its stock package stands in for a version that was guessed, and goes to a suite of
its own (zed-bookworm-guessed). Wheels and sdists of all releases share one index, pypi. The first publish makes a
signing key in the GnuPG home (GNUPGHOME), unless --key names one.
Rotating keys: publish with --key OLD --key NEW until the hosts have the new keyring package, then with --key NEW.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from builder.commands import options
from builder.common import tools
from builder.common.errors import BuildError, UsageError
from builder.common.files import sha256
from builder.repository import fleet, incoming, keyring, naming, pypi, settings, targets, yum
from builder.repository.change import Change
from builder.repository.incoming import Package
from builder.repository.state import SUITE, Entry, Suite
from builder.repository.transaction import TOOLS, carry, change, say


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('packages', nargs='*', type=Path, metavar='PACKAGE',
                        help='.deb, .dsc and .rpm files, wheels and sdists, or directories of them (dist/)')
    options.repository(parser)
    parser.add_argument('--channel', choices=targets.CHANNELS, default='stable',
                        help='testing: only hosts that ask for SUITE-testing see it, until you promote it (stable)')
    parser.add_argument('--suite', type=suite_name, metavar='NAME', help='the suite, when the versions do not say it')
    parser.add_argument('--url', type=address,
                        help='where hosts will find the repository; remembered (file:// and its path)')
    parser.add_argument('--valid-days', type=days, metavar='N',
                        help='apt refuses the indexes N days after the last publish or --refresh; remembered (180)')
    parser.add_argument('--refresh', action='store_true', help='add nothing; sign all anew with a new Valid-Until')
    parser.add_argument('--reset-date', action='store_true',
                        help='date to now what a wrong clock has dated into the future')


def suite_name(text: str) -> str:
    if not SUITE.fullmatch(text):
        raise argparse.ArgumentTypeError(f'{text!r} is no name of a suite, as zed-bookworm')
    return targets.stable_of(text)


def address(text: str) -> str:
    if why := settings.wrong_address(text):
        raise argparse.ArgumentTypeError(why)
    return text


def days(text: str) -> int:
    if why := settings.wrong_days(text):
        raise argparse.ArgumentTypeError(why)
    return int(text)


def run(args: argparse.Namespace) -> int:
    if args.refresh and args.packages:
        raise UsageError(f'--refresh adds nothing, and {args.packages[0]} is named',
                         'publish the packages without --refresh, which signs their suites anew as well; '
                         'or name none')
    tools.need(TOOLS)
    given = [] if args.refresh else incoming.collect(args.packages or [options.DIST], args.suite,
                                                     named=bool(args.packages))
    state = change(args.to, args.key, lambda this: edit(this, args, given), reset_date=args.reset_date)
    say(f'{args.to}: suites: {", ".join(sorted(state.suites))}; signed by {", ".join(state.keys)}\n'
        f'  how hosts use it: {state.url}/index.html')
    return 0


def edit(this: Change, args: argparse.Namespace, given: list[Package]) -> None:
    this.state.url = (args.url or this.state.url or f'file://{quote(bytes(args.to.resolve()))}').rstrip('/')
    this.state.valid_days = args.valid_days or this.state.valid_days
    if args.refresh:
        for name, suite in this.state.suites.items():
            this.suite(name, suite.family)
    naming.learn(this.state, this.work)
    pairs = [(package, targets.in_channel(naming.suite(this, home), args.channel))
             for package in given for home in package.homes]
    naming.refuse_mixture(this, pairs)
    bring(this, [(package, name) for package, name in pairs if wanted(this, package, name)])
    keyring.offer(this)
    fleet.offer(this)


def wanted(this: Change, package: Package, name: str) -> bool:
    """Is the package new to the suite?

    :raises BuildError: the same version with other content is there, published or withdrawn.
    """
    suite = this.state.suites.get(name, Suite(package.family))
    path = place(package, name)
    there = known(this, path)
    if there and there.given != incoming.content_of(package.path):
        raise BuildError(f'{package.path.name} is published already, with other content: hosts would not see a change',
                         'build it with a higher --revision, then publish that')
    if path in suite.withdrawn:
        this.said.append(f'  {package.path.name}: withdrawn from {name}; '
                         f'`./build.sh withdraw --undo {package.version}` offers it again')
    return path not in suite.packages and path not in suite.withdrawn


def place(package: Package, name: str) -> str:
    if package.family == pypi.FAMILY:
        return pypi.place(name, package.version, package.path.name)
    if package.family == 'rpm':
        return f'{yum.directory(name)}/packages/{package.path.name}'
    return f'pool/main/{package.source[0]}/{package.source}/{package.path.name}'


def known(this: Change, path: str) -> Entry | None:
    return next((entries[path] for suite in this.state.suites.values()
                 for entries in (suite.packages, suite.withdrawn) if path in entries), None)


def bring(this: Change, fresh: list[tuple[Package, str]]) -> None:
    """Copy packages into the tree, sign the rpms among them, and enter all of them in their suites."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(incoming.refuse_damaged, [package.path for package, _ in fresh]))
    for package, name in fresh:
        for part in package.parts:
            carry(this, part, str(Path(place(package, name)).parent / part.name))
    unsigned = [this.work / place(package, name) for package, name in fresh if package.family == 'rpm']
    yum.sign_packages(unsigned, this.keys[0].fingerprint, this.time)
    for package, name in fresh:
        path = place(package, name)
        files = {str(Path(path).parent / part.name): '' for part in package.parts}
        entry = Entry(package.name, package.version, package.arch,
                      {to: sha256(this.work / to) for to in files}, this.time,
                      incoming.content_of(package.path), package.stock, package.guessed)
        this.suite(name, package.family).packages[path] = entry
        this.said.append(f'  {package.path.name} -> {name}')
        if package.guessed:
            this.said.append(naming.ABOUT_GUESSES.format(stock=package.stock))
