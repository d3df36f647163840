"""Pins a release of nova that the table lacks: where it is to be had, its tag's commit, and what nova/ is in it.

Upstream's tag and PyPI's source distribution are compared; where only one can be reached, that is said, and pinned.
The line is written into builder/source/releases.tsv. Next come the other steps of CONTRIBUTING.md.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from builder.common.errors import UsageError
from builder.common.progress import step
from builder.source import pinning, series, upstream
from builder.source.novaversion import Release


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('release', metavar='RELEASE', help='its number, e.g. 33.0.3')
    parser.add_argument('--git', metavar='REPOSITORY', default=upstream.UPSTREAM,
                        help="where upstream's tags are: a URL, or the directory of a clone (%(default)s)")


def repository(given: str) -> str:
    """A directory by its whole path: git is run in one of ours."""
    return str(Path(given).resolve()) if Path(given).is_dir() else given


def run(args: argparse.Namespace) -> None:
    """
    :raises BuildError: the release is nowhere to be had, or PyPI and the tag differ.
    """
    if not Release.of(args.release).final:
        raise UsageError(f'{args.release} is no final release', 'name one like 33.0.3')
    with tempfile.TemporaryDirectory() as work, step(f'looking at nova {args.release}'):
        pin, trouble = pinning.found(args.release, repository(args.git), Path(work))
    if trouble:
        print(f'Not compared with a tag: {trouble}')
    print(pinning.write(pin))
    if series.of(pin.version) is None:
        print('Its series has no name here yet: add a line to builder/source/series.tsv.')
    print(f'Next: ./build.sh diff {pin.version}')
