"""Epoch, version and release of an rpm."""

from __future__ import annotations

from typing import NamedTuple

from builder.common.errors import BuildError


class Evr(NamedTuple):
    epoch: int | None
    version: str
    release: str

    def __str__(self) -> str:
        epoch = '' if self.epoch is None else f'{self.epoch}:'
        return f'{epoch}{self.version}-{self.release}'


def parse(text: str) -> Evr:
    """Read ``[epoch:]version-release``; ``(none):`` is how rpm prints that there is no epoch.

    :raises BuildError: when the text has no release.
    """
    epoch, _, rest = text.rpartition(':')
    version, dash, release = rest.rpartition('-')
    if not dash:
        raise BuildError(f'{text} is not the full version of an rpm ([epoch:]version-release)',
                         'give it with --only rpm --stock-version, as `rpm -q --qf "%{evr}" python3-nova` prints it')
    return Evr(int(epoch) if epoch.isdigit() else None, version, release)
