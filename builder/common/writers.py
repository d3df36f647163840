"""Who else can write where we work, or put something else in its place: the installer's answer, trust.py."""

from __future__ import annotations

import importlib
import os
import shlex
from collections.abc import Set
from pathlib import Path

from builder.common.project import PROJECT

# A file for Python 2, too, which goes to hosts alone: what is asked there and here must not be answered in two ways.
trust = importlib.import_module('installation.installer.trust')


def believed() -> set[int]:
    """root, who runs this, who typed sudo, and who owns this program, whose code runs anyway."""
    sudo = os.environ.get('SUDO_UID', '')
    return {0, os.geteuid(), PROJECT.stat().st_uid} | ({int(sudo)} if sudo.isdigit() else set())


def weakness(path: Path, users: Set[int] = frozenset()) -> str:
    """Look at a path, at all directories above it, and at the links on the way.

    :param path: it need not be there yet.
    :param users: who may write there beside those who are believed.
    :returns: which of them somebody else can write, and who, in words; '' where nobody can.
    """
    return trust.weakness(str(path.absolute()), believed() | users, missing=True) or ''


def closing(weak: str) -> str:
    """The command that takes others' right to write away, as the first of two ways; an owner keeps his."""
    place, written, _ = weak.partition(' can be written by ')
    return f'chmod go-w {shlex.quote(place)}, or ' if written else ''
