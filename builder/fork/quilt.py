"""Renders a fork as a quilt series: unified patches with DEP-3 headers, applied with ``patch -p1``."""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterator
from pathlib import Path

from builder.common.model import Fork, Patch

NO_NEWLINE = b'\\ No newline at end of file\n'


def series(fork: Fork) -> list[tuple[str, str]]:
    """The patches in the order they apply.

    :returns: (file name, text); paths in the text are relative to the directory that holds ``nova/``. A file with CRLF
        endings keeps them, so write the text without newline translation.
    """
    return [(f'{patch.name}.patch', render(patch)) for patch in fork.patches]


def files(fork: Fork) -> dict[str, bytes]:
    """What quilt wants in a directory of patches: every patch, and ``series``, which names them in order."""
    patches = series(fork)
    order = ''.join(f'{name}\n' for name, _ in patches)
    return {**{name: text.encode() for name, text in patches}, 'series': order.encode()}


def write(fork: Fork, folder: Path) -> list[Path]:
    """Make a directory of patches; returns the paths of its files, in order of their names."""
    folder.mkdir()
    for name, content in files(fork).items():
        (folder / name).write_bytes(content)
    return sorted(folder.iterdir())


def render(patch: Patch) -> str:
    """One patch: its DEP-3 header (Debian Enhancement Proposal 3), then the diff of every file, by path."""
    lines = [f'{name}: {_folded(text)}' for name, text in patch.header.items()]
    diffs = [diff(path, *patch.files[path]) for path in sorted(patch.files)]
    return '\n'.join([*lines, '---', ''.join(diffs)])


def diff(path: str, before: bytes | None, after: bytes) -> str:
    """A unified diff of one file; ``before`` None means a new file.

    :raises ValueError: the new file is empty, which a unified diff cannot say.
    """
    if not before and not after:
        raise ValueError(f'{path} is empty: no patch can make it; give it a line')
    old = '/dev/null' if before is None else f'a/{path}'
    lines = difflib.diff_bytes(difflib.unified_diff, _lines(before or b''), _lines(after),
                               old.encode(), f'b/{path}'.encode())
    return b''.join(_terminated(lines)).decode()


def _lines(text: bytes) -> list[bytes]:
    """Lines as patch sees them: cut at LF only, a CR stays part of its line."""
    return io.BytesIO(text).readlines()


def _terminated(lines: Iterator[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield line if line.endswith(b'\n') else line + b'\n' + NO_NEWLINE


def _folded(text: str) -> str:
    """A multi-line field: continuation lines start with a space, empty ones are a dot."""
    first, *rest = text.strip().split('\n')
    return '\n'.join([first, *(f' {line.strip() or "."}' for line in rest)])
