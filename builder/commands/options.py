"""Options that several commands have."""

from __future__ import annotations

import argparse
from pathlib import Path

from builder.common.project import PROJECT

DIST = PROJECT / 'dist'


def delivery(parser: argparse.ArgumentParser, what: str = 'they go') -> None:
    """Where finished files are put."""
    parser.add_argument('--to', type=Path, default=DIST, metavar='DIR', help=f'where {what} (dist/)')


def repository(parser: argparse.ArgumentParser, key: str = 'the key that signs; twice while keys are rotated') -> None:
    """Which repository is meant, and what signs it, or whose signature counts."""
    parser.add_argument('--to', type=Path, default=DIST / 'repo', metavar='DIR', help='the repository (dist/repo)')
    parser.add_argument('--key', action='append', default=[], metavar='ID', help=key)


def positive(text: str) -> int:
    """A number from 1 on, for argparse."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
