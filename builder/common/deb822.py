"""Reads Debian's control paragraphs (deb822(5)); python-debian is no part of a bare build host."""

from __future__ import annotations

import re

FIELD = re.compile(r'^([!-9;-~]+):(.*(?:\n[ \t].*)*)', re.MULTILINE)
SIGNED = '-----BEGIN PGP SIGNED'


def fields(text: str) -> dict[str, str]:
    """The fields of the first paragraph, in order; of a clear-signed text, of the one inside.

    A value keeps its continuation lines as they are, but no space around it.
    """
    first = text.split('\n\n')[1 if text.startswith(SIGNED) else 0] if '\n\n' in text else text
    return {name: value.strip() for name, value in FIELD.findall(first)}


def paragraphs(text: str) -> list[dict[str, str]]:
    """Every paragraph of a file that people write (sources.list(5)): comments left out, names in lower case."""
    plain = re.sub(r'^#.*\n?', '', text, flags=re.MULTILINE)
    found = [fields(part) for part in re.split(r'\n\s*\n', plain)]
    return [{name.lower(): value for name, value in paragraph.items()} for paragraph in found]
