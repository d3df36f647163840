"""Takes a version out of the indexes, so that the one before it is the candidate again.

The files stay in the pool unless --delete is given. Hosts that have the version keep it: the command prints what to
run on them. --undo offers a withdrawn version again.
"""

from __future__ import annotations

import argparse

from builder.commands import options
from builder.common.errors import BuildError
from builder.repository import keyring, naming, pypi, targets, versions
from builder.repository.change import Change
from builder.repository.state import Entry, State, Suite
from builder.repository.transaction import change, drop


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('version', metavar='VERSION', help='as the package manager shows it, with or without epoch')
    options.repository(parser)
    parser.add_argument('--suite', metavar='NAME', help='only this suite (every one that has it, testing included)')
    either = parser.add_mutually_exclusive_group()
    either.add_argument('--delete', action='store_true', help='delete the files as well')
    either.add_argument('--undo', action='store_true', help='offer the withdrawn version again')


def run(args: argparse.Namespace) -> int:
    State.must_exist(args.to)
    change(args.to, args.key, lambda this: edit(this, args))
    return 0


def edit(this: Change, args: argparse.Namespace) -> None:
    chosen = [name for name, suite in sorted(this.state.suites.items()) if args.suite in (None, name)]
    moved = {name: move(this, name, args) for name in chosen}
    if not any(moved.values()):
        where = f'there is no suite {args.suite} that has' if args.suite else 'no suite has'
        raise BuildError(f'{where} a {"withdrawn " if args.undo else ""}version {args.version} of the fork',
                         f'see {args.to}/index.html for the versions there are')
    naming.refuse_mixture(this, [])
    if args.delete:
        gone = {path for entries in moved.values() for entry in entries for path in entry.files}
        drop(this, sorted(gone - still_listed(this.state.suites)))
    for name, entries in moved.items():
        if entries:
            this.said.append(f'{name}: {args.version} is offered again' if args.undo else
                             advice(name, this.state, entries))


def move(this: Change, name: str, args: argparse.Namespace) -> list[Entry]:
    suite = this.state.suites[name]
    sources = [suite.withdrawn] if args.undo else [suite.packages]
    target = suite.packages if args.undo else suite.withdrawn
    if args.delete:
        sources, target = [suite.packages, suite.withdrawn], {}
    moved = {path: entry for entries in sources for path, entry in entries.items()
             if versions.same(entry.version, args.version) and entry.name not in keyring.NAMES}
    for path in moved:
        for entries in sources:
            entries.pop(path, None)
    target.update(moved)
    if moved:
        this.suite(name, suite.family)
    return list(moved.values())


def still_listed(suites: dict[str, Suite]) -> set[str]:
    return {path for suite in suites.values() for entries in (suite.packages, suite.withdrawn)
            for entry in entries.values() for path in entry.files}


def advice(name: str, state: State, gone: list[Entry]) -> str:
    """What fits hosts that have the version, and the command that takes them there."""
    suite = state.suites[name]
    if suite.family == pypi.FAMILY:
        return pypi.advice(name, state, gone)
    bad, removed = gone[0].version, {entry.name for entry in gone if entry.arch != 'source'}
    stocks = {entry.stock for entry in gone if entry.is_library}
    # A fork of another stock version would take the host's services along.
    fitting = {entry.version for entry in suite.packages.values() if entry.is_library and entry.name in removed
               and entry.stock in stocks}
    if not fitting:
        of = f' that stands in for {stock}' if (stock := ''.join(stocks)) else ''
        return (f'{name}: no version{of} is left. Hosts that have {bad} keep it; back to stock with\n'
                '  nova-cascading uninstall')
    order = versions.key(suite.family)
    good = max(fitting, key=order)
    names = {entry.name for entry in suite.packages.values() if entry.version == good}
    lost = sorted(removed - names)
    back = (apt_back if suite.family == 'deb' else rpm_back)(name, bad, good, sorted(removed & names))
    note = f'\n  (there is no {good} of {", ".join(lost)}: remove it first)' if lost else ''
    return f'{name}: hosts that have {bad} shall have {good}. There:\n  {back}{note}'


def apt_back(suite: str, bad: str, good: str, names: list[str]) -> str:
    """Only what the host has installed: the service packages of one host are not those of another."""
    # apt before 1.1 does not know the option, and downgrades after a question.
    option = '' if targets.target_of(suite) in targets.APT_BEFORE_1_1 else ' --allow-downgrades'
    if len(names) == 1:
        return f'apt-get update && apt-get install{option} {names[0]}={good}'
    shown = f"dpkg-query -W -f '${{Status}} ${{Version}} ${{Package}}={good}\\n'"
    chosen = f"awk '$3 == \"installed\" && $4 == \"{bad}\" {{ print $5 }}'"
    return f'apt-get update && apt-get install{option} $({shown} | {chosen})'


def rpm_back(suite: str, bad: str, good: str, names: list[str]) -> str:
    verb = 'downgrade' if max((bad, good), key=versions.key('rpm')) == bad else 'update'
    words = ' '.join(f'{name}-{good}' for name in names)
    if targets.target_of(suite) in targets.YUM3:
        return f'yum clean metadata && yum{targets.enabling(suite)} {verb} {words}'
    return f'dnf{targets.enabling(suite)} --refresh {verb} {words}'
