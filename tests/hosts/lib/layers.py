"""The kinds of test host. A layer is a shell script run once on top of another layer; what it leaves is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layer:
    """One kind of host.

    :param base: the layer below; None for the distribution's smallest system.
    :param script: run by ``sh -eu`` as root, with this machine's network and pip configuration; SUITE is set.
    :param online: whether the script has this machine's network; without it, its ports are its own.
    :param files: path in the host -> text, written before the script runs.
    :param prepare: called with the host's root directory before the script runs, for what is no text.
    """

    name: str
    base: str | None
    script: str
    files: tuple[tuple[str, str], ...] = ()
    online: bool = True
    prepare: Callable[[Path], None] | None = None

    def digest(self, suite: str) -> str:
        """What the kept template is recognised by: changes with the script, the files and every layer below."""
        below = REGISTRY[self.base].digest(suite) if self.base else ''
        return hashlib.sha256(repr((below, suite, self.script, self.files)).encode()).hexdigest()[:12]


REGISTRY: dict[str, Layer] = {}


def register(name: str, *, base: str | None = 'stack', script: str, files: dict[str, str] | None = None,
             online: bool = True, prepare: Callable[[Path], None] | None = None) -> None:
    """Make *name* known to ``make_host``; see :class:`Layer` for the parameters."""
    REGISTRY[name] = Layer(name, base, script, tuple(sorted((files or {}).items())), online, prepare)
