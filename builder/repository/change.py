"""A repository in the making: what every step of a change works on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from builder.common.errors import BuildError
from builder.repository.keys import Key
from builder.repository.state import State, Suite


@dataclass
class Change:
    """A repository in the making.

    :param work: the working copy of the tree.
    :param keys: what signs it.
    :param time: seconds since 1970, later than that of the publish before.
    :param url_before: the repository's address so far; it stands in every mirrorlist.
    :param said: what is told when all is done.
    """

    work: Path
    state: State
    keys: list[Key]
    time: int
    url_before: str
    said: list[str] = field(default_factory=list)

    @property
    def prints(self) -> tuple[str, ...]:
        return tuple(key.fingerprint for key in self.keys)

    def suite(self, name: str, family: str) -> Suite:
        """A suite that is about to change.

        :raises BuildError: one of that name exists for the other package family.
        """
        suite = self.state.suites.setdefault(name, Suite(family))
        if suite.family != family:
            raise BuildError(f'the suite {name} holds {suite.family} packages, not {family}',
                             'name another with --suite SERIES-TARGET')
        suite.time = self.time
        return suite
