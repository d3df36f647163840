"""The kinds of test host. A layer is a shell script run once on top of another layer; what it leaves is kept."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

# What is done around the script of every layer that has a network.
AROUND = Path(__file__).with_name('around-each-layer.sh')


@dataclass(frozen=True)
class Layer:
    """One kind of host.

    :param base: the layer below; None for the distribution's smallest system.
    :param script: run by ``sh -eu`` as root, with this machine's network and pip configuration; SUITE is set.
        Of a layer without a base: options of mmdebstrap.
    :param online: whether the script has this machine's network; without it, its ports are its own.
    :param files: path in the host -> text, written before the script runs.
    :param prepare: called with the host's root directory before the script runs, for what is no text.
    :param made_of: files of this project that decide what *prepare* makes.
    """

    name: str
    base: str | None
    script: str
    files: tuple[tuple[str, str], ...] = ()
    online: bool = True
    prepare: Callable[[Path], None] | None = None
    made_of: tuple[Path, ...] = ()

    def digest(self, suite: str) -> str:
        """What the kept template is recognised by: changes with all that makes it, and with every layer below."""
        below = REGISTRY[self.base].digest(suite) if self.base else ''
        made = [hashlib.sha256(path.read_bytes()).hexdigest() for path in self.made_of]
        if self.prepare:
            made += [inspect.getsource(self.prepare), repr(inspect.getclosurevars(self.prepare).nonlocals)]
        whole = (below, suite, self.script, self.files, self.online, made, AROUND.read_bytes())
        return hashlib.sha256(repr(whole).encode()).hexdigest()[:12]


REGISTRY: dict[str, Layer] = {}


def register(name: str, *, base: str | None = 'stack', script: str, files: dict[str, str] | None = None,
             online: bool = True, prepare: Callable[[Path], None] | None = None,
             made_of: Iterable[str | Path] = ()) -> None:
    """Make *name* known to ``make_host``; see :class:`Layer` for the parameters."""
    texts = tuple(sorted((files or {}).items()))
    REGISTRY[name] = Layer(name, base, script, texts, online, prepare, tuple(map(Path, made_of)))
