"""The independent check: take the intended nodes out of the changed syntax tree, and the original must be left.

It knows nothing of anchors, columns or lines, and shares no code with the edits it checks.
"""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterable
from typing import Any


class Difference(Exception):
    """The change is not what was intended; the text says how."""


def verify(before: bytes, after: bytes, additions: Iterable[tuple[str, str]]) -> None:
    """Check that ``after`` is ``before`` plus the additions, each exactly once, and nothing else.

    :param additions: (kind, text): kind ``before`` or ``after`` for a statement or dict item, ``append`` for a list
        element, argument or parameter, ``keyword`` for a keyword argument, ``decorate`` for a decorator.
    :raises Difference: something else was changed, or an addition is missing or there twice.
    """
    additions = list(additions)
    wanted = Counter(node for kind, text in additions for node in _intended(kind, text))
    old, new = parse(before), parse(after)
    _strip(old, new, wanted)
    if +wanted:
        raise Difference(f'not added: {", ".join(+wanted)}')
    if ast.dump(old) != ast.dump(new):
        raise Difference('without what was to be added, the code is not the original')
    ours = Counter(comment for _, text in additions for comment in _comments(text.encode()))
    if Counter(_comments(before)) + ours != Counter(_comments(after)):
        raise Difference('the comments are not the original ones')


def parse(source: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # Python 3.12 warns of old nova's string escapes
        return ast.parse(source)


def _intended(kind: str, text: str) -> list[str]:
    """The dumps of the nodes that a text stands for."""
    if kind == 'keyword':
        return [ast.dump(node) for node in ast.parse(f'f({text})', mode='eval').body.keywords]  # type: ignore
    if kind in ('decorate', 'append'):
        try:
            return [ast.dump(ast.parse(text, mode='eval').body)]
        except SyntaxError:
            return _parameter(text)
    try:
        return [ast.dump(statement) for statement in ast.parse(text).body]
    except SyntaxError:
        return [ast.dump(ast.parse('{' + text + '}', mode='eval').body)]


def _parameter(text: str) -> list[str]:
    arguments = ast.parse(f'def f({text}): pass').body[0].args  # type: ignore[attr-defined]
    return [ast.dump(node) for node in [*arguments.args, *arguments.defaults]]


def _strip(old: Any, new: Any, wanted: Counter[str]) -> None:
    """Take from the new tree, in place, the wanted nodes that the old one does not have."""
    if type(old) is not type(new):
        return
    if isinstance(old, list):
        _strip_list(old, new, wanted)
        for before, after in zip(old, new):
            _strip(before, after, wanted)
    elif isinstance(old, ast.AST):
        if isinstance(old, ast.Dict):
            _strip_items(old, new, wanted)
        for field in old._fields:
            _strip(getattr(old, field, None), getattr(new, field, None), wanted)


def _strip_list(old: list, new: list, wanted: Counter[str]) -> None:
    kept: list = []
    surplus = len(new) - len(old)
    for node in new:
        if surplus > 0 and isinstance(node, ast.AST) and _take(node, old[len(kept):len(kept) + 1], wanted):
            surplus -= 1
        else:
            kept.append(node)
    new[:] = kept


def _strip_items(old: ast.Dict, new: ast.Dict, wanted: Counter[str]) -> None:
    before = [ast.Dict(keys=[key], values=[value]) for key, value in zip(old.keys, old.values)]
    after = [ast.Dict(keys=[key], values=[value]) for key, value in zip(new.keys, new.values)]
    _strip_list(before, after, wanted)
    new.keys, new.values = [item.keys[0] for item in after], [item.values[0] for item in after]


def _take(node: ast.AST, counterpart: list, wanted: Counter[str]) -> bool:
    dump = ast.dump(node)
    if wanted[dump] <= 0 or (counterpart and ast.dump(counterpart[0]) == dump):
        return False
    wanted[dump] -= 1
    return True


def _comments(source: bytes) -> list[str]:
    tokens = tokenize.tokenize(io.BytesIO(source).readline)
    return [token.string.rstrip() for token in tokens if token.type == tokenize.COMMENT]
