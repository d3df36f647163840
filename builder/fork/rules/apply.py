"""Finds out what a rule means for one file, and makes the change in memory."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache

from builder.fork.rules.edit import Conflict, insert
from builder.fork.rules.load import Edit, Rule
from builder.fork.rules.pattern import Bindings, Pattern
from builder.source.novaversion import Release, within

APPLIED, PRESENT, NOT_NEEDED = 'applied', 'already there', 'not needed'


@dataclass(frozen=True)
class Addition:
    """What an edit is meant to add: ``kind`` as in Edit, ``text`` without ``$``; for the independent check."""

    kind: str
    text: str


@dataclass(frozen=True)
class Outcome:
    """What became of a rule: the state, why, and the source after it."""

    state: str
    source: bytes
    why: str = ''
    additions: tuple[Addition, ...] = ()


def apply(rule: Rule, source: bytes, version: str) -> Outcome:
    """Apply one rule to one source.

    :param version: nova's version, to tell an expected absence from a surprise.
    :raises Conflict: the file does not parse, an anchor has no place or several, what the change relies on is not
        there, the change is there in part or in another form, or the release should need the rule and does not.
    """
    tree = _parse(source)
    if rule.needs and not rule.needs.search(tree):
        return _not_needed(rule, source, version, f'this nova has no `{rule.needs.text}`')
    if rule.unless and rule.unless.search(tree):
        return _not_needed(rule, source, version, f'this nova has `{rule.unless.text}`')
    if rule.requires and not any(pattern.places(tree) for pattern in rule.requires):
        raise Conflict(f'it relies on {_texts(rule.requires)} in the module, found none')
    states, additions, changed = [], [], source
    for edit in rule.edits:
        state, changed, addition = _edit(rule, edit, changed)
        states.append(state)
        additions.append(addition)
    if len(set(states)) > 1:
        raise Conflict(f'it is there in part only ({", ".join(states)})')
    if states[0] == PRESENT:
        return Outcome(PRESENT, source)
    return Outcome(APPLIED, changed, additions=tuple(additions))


def _not_needed(rule: Rule, source: bytes, version: str, why: str) -> Outcome:
    if Release.of(version).final and within(version, rule.releases):
        raise Conflict(f'{why}, but a nova {version} should need this change ({rule.releases})')
    return Outcome(NOT_NEEDED, source, f'{why}; expected for {version}')


def _edit(rule: Rule, edit: Edit, source: bytes) -> tuple[str, bytes, Addition]:
    tree = _parse(source)
    scopes = _scopes(tree, edit.inside)
    present = [hit for scope in scopes for hit in added(edit, scope)]
    if len(present) > 1:
        raise Conflict(f'`{edit.text}` is there {len(present)} times')
    if present:
        return PRESENT, source, Addition(edit.kind, edit.text)
    if rule.owns and any(_names(node, rule.owns) for scope in scopes for node in ast.walk(scope)):
        raise Conflict(f'{rule.owns} is there already, in another form')
    node, bindings = _one_place(edit, scopes)
    text = _substitute(edit.text, bindings)
    changed = insert(source, node, edit.kind, text)
    if sum(len(added(edit, scope)) for scope in _scopes(_parse(changed), edit.inside)) != 1:
        raise Conflict(f'`{text}` did not come out as meant')
    return APPLIED, changed, Addition(edit.kind, text)


def _one_place(edit: Edit, scopes: list[ast.AST]) -> tuple[ast.AST, Bindings]:
    hits = [hit for scope in scopes for pattern in edit.find for hit in pattern.places(scope)]
    if len(hits) == 1:
        return hits[0]
    where = ' or '.join(edit.inside) or 'the module'
    lines = ', '.join(str(node.lineno) for node, _ in hits)  # type: ignore[attr-defined]
    found = f'found {len(hits)} (lines {lines})' if hits else 'found none'
    raise Conflict(f'wanted exactly one place like {_texts(edit.find)} in {where}, {found}')


def _texts(patterns: tuple[Pattern, ...]) -> str:
    return ' or '.join(f'`{pattern.text}`' for pattern in patterns)


def added(edit: Edit, scope: ast.AST) -> list[ast.AST]:
    """The nodes in the scope that look like what the edit adds."""
    if edit.kind in ('before', 'after'):
        item = isinstance(edit.find[0].node, ast.Dict)
        return [node for node, _ in Pattern('{' + edit.text + '}' if item else edit.text).places(scope)]
    owners = [node for pattern in edit.find for node, _ in pattern.places(scope)]
    return [owner for owner in owners for item in _items(owner, edit.kind) if item == _wanted(edit)]


def _items(owner: ast.AST, kind: str) -> list[str]:
    if kind == 'decorate':
        return [ast.dump(node) for node in owner.decorator_list]  # type: ignore[attr-defined]
    if isinstance(owner, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return [arg.arg for arg in owner.args.args]
    value = owner.value if isinstance(owner, ast.Assign) else owner
    if kind == 'keyword':
        return [ast.dump(node) for node in value.keywords]  # type: ignore[attr-defined]
    return [ast.dump(node) for node in (value.elts if isinstance(value, ast.List) else value.args)]  # type: ignore


def _wanted(edit: Edit) -> str:
    if isinstance(edit.find[0].node, ast.FunctionDef) and edit.kind == 'append':
        return edit.text.split('=')[0].strip()
    if edit.kind == 'keyword':
        return ast.dump(ast.parse(f'f({edit.text})', mode='eval').body.keywords[0])  # type: ignore[attr-defined]
    return ast.dump(ast.parse(edit.text, mode='eval').body)


def _scopes(tree: ast.Module, paths: tuple[str, ...]) -> list[ast.AST]:
    return [scope for path in paths for scope in _walk_down(tree, path.split('/'))] if paths else [tree]


def _walk_down(scope: ast.AST, steps: list[str]) -> list[ast.AST]:
    if not steps:
        return [scope]
    kind, name = steps[0].split()
    wanted = ast.ClassDef if kind == 'class' else (ast.FunctionDef, ast.AsyncFunctionDef)
    inner = [node for node in scope.body if isinstance(node, wanted) and node.name == name]  # type: ignore
    return [found for node in inner for found in _walk_down(node, steps[1:])]


def _names(node: ast.AST, name: str) -> bool:
    return name in (getattr(node, field, None) for field in ('id', 'attr', 'arg', 'name', 'value'))


def _substitute(text: str, bindings: Bindings) -> str:
    return re.sub(r'\$(\w+)', lambda found: ast.unparse(bindings[found[1]]), text)


@lru_cache(maxsize=4)
def _parse(source: bytes) -> ast.Module:
    try:
        source.decode()
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # Python 3.12 warns of old nova's string escapes
            return ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise Conflict(f'it does not parse: {error}') from error
