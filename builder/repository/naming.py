"""Which suite a package goes to, here: a name that was used once stays, and no guess stands beside what is known."""

from __future__ import annotations

from pathlib import Path

from builder.common.errors import BuildError
from builder.repository import incoming, targets
from builder.repository.change import Change
from builder.repository.incoming import Package
from builder.repository.state import Entry, State, Suite
from builder.repository.targets import Home

ABOUT_GUESSES = '''    It was built without its stock package, so the version that it stands in for is a guess: {stock}.
    Hosts with exactly that version can use it. For others build from their own package: ./build.sh PACKAGE, or
    --stock-version VERSION, as it is shown there by `dpkg-query -W python3-nova` or
    `rpm -q --qf '%{{evr}}\\n' python3-nova`.'''


def suite(this: Change, home: Home) -> str:
    """The name that packages of such versions have had here before; else that of today, which then stays."""
    if not home.marks:
        return home.name
    if home.marks not in this.state.names and not targets.settled(home.name):
        this.said.append(f'  {home.name}: a series or target that has no name here yet. The suite is called so, and '
                         'stays; --suite SERIES-TARGET names another.')
    return this.state.names.setdefault(home.marks, home.name)


def learn(state: State, root: Path) -> None:
    """What was published before names and stock versions were kept: a suite whose name may be another one today keeps
    the old.

    :param root: the tree, for what the packages say themselves.
    """
    if state.names:
        return
    for name, found in state.suites.items():
        for entry in (*found.packages.values(), *found.withdrawn.values()):
            if entry.is_library and (root / entry.path).exists():
                entry.stock, entry.guessed = incoming.stock_of(root / entry.path)
        stable = targets.stable_of(name)
        for entry in found.packages.values() if not targets.settled(stable) else ():
            if (marks := marks_of(entry, found, stable)) and '-nova-cascading' in entry.name:
                state.names.setdefault(marks, stable)


def marks_of(entry: Entry, found: Suite, stable: str) -> str:
    try:
        if found.family == 'deb':
            return targets.of_deb(entry.version, entry.guessed).marks
        return targets.of_rpm(entry.version, targets.target_of(stable).removeprefix('python'), entry.guessed).marks
    except BuildError:
        return ''


def refuse_mixture(this: Change, pairs: list[tuple[Package, str]]) -> None:
    """
    :param pairs: packages and the suites that they are for.
    :raises BuildError: a fork whose stock version was guessed, and others for which it is known, would be candidates
        of one another: the higher version is installed, and where that is wrong, nova is removed.
    """
    seen: dict[tuple[str, str, bool], Package | Entry] = {
        (name, entry.name, entry.guessed): entry for name, suite in this.state.suites.items()
        for entry in suite.packages.values() if entry.stock}
    seen.update({(name, package.name, package.guessed): package for package, name in pairs if package.stock})
    for (name, library, guessed), found in seen.items():
        other = seen.get((name, library, not guessed))
        if guessed and other:
            raise BuildError(f'{library} {found.version} and {other.version} in {name}: the stock version of the first '
                             f'is a guess ({found.stock}), and hosts would install the higher one',
                             'name another --suite, or leave it out: guesses have suites of their own; or build with '
                             '--stock-version, or from the stock package itself')
