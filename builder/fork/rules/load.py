"""Reads the rule files: one TOML file a logical patch, with its DEP-3 facts and its rules."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.common import toml
from builder.fork.rules.pattern import Pattern

KINDS = ('before', 'after', 'append', 'keyword', 'decorate')


@dataclass(frozen=True)
class Edit:
    """One insertion.

    :param find: the anchor: exactly one place in the scopes, not in functions or classes within them, must look like
        one of these.
    :param inside: scopes such as ``class API/def save``; empty for the module, of which no condition may hold it.
    :param kind: ``before`` or ``after`` the anchor (a statement or a dict item), ``append`` to it (a list, a call's
        arguments, a function's parameters), as a ``keyword`` of the call, or ``decorate`` it.
    :param text: what to insert; ``$Name`` is replaced by what it stands for in the anchor.
    """

    find: tuple[Pattern, ...]
    inside: tuple[str, ...]
    kind: str
    text: str


@dataclass(frozen=True)
class Rule:
    """Insertions that belong together in one file; all hold or none.

    :param file: paths relative to the directory that holds ``nova/``, of different releases: one of them exists.
    :param layered: they may exist together in one release, which needs the rule in the first.
    :param releases: bounds (``>=2014.1, <13``) within which the rule must apply; past them it never does.
    :param needs: a pattern without which the release does not need the rule.
    :param unless: a pattern with which the release does not need the rule.
    :param requires: patterns of which the module must hold one: what the text, or a file of the fork, relies on.
    :param owns: a name that is ours alone: there in any other form, it is a conflict.
    """

    name: str
    why: str
    file: tuple[str, ...]
    releases: str
    edits: tuple[Edit, ...]
    needs: Pattern | None = None
    unless: Pattern | None = None
    requires: tuple[Pattern, ...] = ()
    owns: str = ''
    layered: bool = False


@dataclass(frozen=True)
class RuleFile:
    """A logical patch: its name, its DEP-3 header fields in order, and its rules."""

    name: str
    header: dict[str, str]
    rules: tuple[Rule, ...]


def load(directory: Path) -> list[RuleFile]:
    """Read every rule file of a directory, in order of name.

    :raises ValueError: a file has an unknown key, a pattern that is no Python, or lacks something.
    """
    return [load_file(path) for path in sorted(directory.glob('*.toml'))]


def load_file(path: Path) -> RuleFile:
    """Read one rule file; see ``load``."""
    content = toml.read(path)
    try:
        return RuleFile(path.stem, content['header'], tuple(_rule(dict(raw)) for raw in content['rule']))
    except (KeyError, SyntaxError, ValueError, TypeError) as error:
        raise ValueError(f'{path}: {type(error).__name__}: {error}') from error


def _rule(raw: dict[str, Any]) -> Rule:
    edits = tuple(_edit(dict(edit)) for edit in raw.pop('edit'))
    for guard in {'needs', 'unless'} & set(raw):
        raw[guard] = Pattern(raw[guard])
    requires = tuple(map(Pattern, raw.pop('requires', ())))
    return Rule(**dict(raw, edits=edits, file=tuple(raw['file']), requires=requires))


def _edit(raw: dict[str, Any]) -> Edit:
    kinds = [kind for kind in KINDS if kind in raw]
    if len(kinds) != 1:
        raise ValueError(f'an edit has exactly one of {", ".join(KINDS)}: {raw}')
    find = raw.pop('find')
    patterns = tuple(map(Pattern, [find] if isinstance(find, str) else find))
    text = raw.pop(kinds[0]).strip('\n')
    return Edit(find=patterns, inside=tuple(raw.pop('inside', ())), kind=kinds[0], text=text, **raw)
