"""The forked source for virtualenvs and containers: an sdist tarball, the wheel built from it, and a git branch."""

from __future__ import annotations

import tempfile
from pathlib import Path

from builder.common.model import Fork
from builder.package import archive
from builder.package.archive import Member
from builder.package.sdist import content, metadata, wheel


def build(fork: Fork, out: Path, *, revision: int, epoch: int, source_only: bool = False) -> list[Path]:
    """Make the sdist of a fork and, from that alone, its wheel.

    :param out: an existing directory.
    :param revision: what tells forks of the same source apart; it is in the metadata and in the wheel's build tag.
    :param epoch: the time of all files in them, in seconds since 1970.
    :param source_only: make no wheel.
    :returns: the files.
    :raises BuildError: the source has no setup.cfg (a stock package, say), or a tool fails.
    """
    sdist = write(metadata.completed(source(fork, revision), fork.tree.version), fork.tree.version, out, epoch)
    if source_only:
        return [sdist]
    with tempfile.TemporaryDirectory(prefix='.wheel-', dir=out) as work:
        made = wheel.build(sdist, Path(work), revision=revision, epoch=epoch)
        return [sdist, made.replace(out / made.name)]


def source(fork: Fork, revision: int) -> dict[str, Member]:
    """The forked source as a git commit has it: path -> member; with an egg-info where upstream's came with one."""
    members = metadata.marked(content.patched(fork), fork.tree, revision)
    return metadata.completed(members, fork.tree.version) if metadata.SOURCES in members else members


def write(members: dict[str, Member], version: str, out: Path, epoch: int) -> Path:
    """Write ``nova-<version>.tar.gz``, the same bytes for the same members."""
    top = f'nova-{version}'
    path = out / f'{top}.tar.gz'
    path.write_bytes(archive.packed({f'{top}/{name}': member for name, member in sorted(members.items())}, epoch))
    return path
