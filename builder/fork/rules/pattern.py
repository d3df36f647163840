"""Patterns over syntax trees: Python with ``$Name`` for any one expression and ``...`` for whatever follows.

``uuid = $Column($String(36), ...)`` is an assignment whose call may have further arguments; ``def f(a, b=None): ...``
and ``if x in Y: ...`` look at the header only, ``def f(...): ...`` not even at the parameters; ``{'a': $_}`` is one
item of a dict display. The same name stands for the same code wherever it occurs, except ``$_``. Type hints do not
count.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

_WILD = '_any_'
_REST = '_rest_'
_IGNORED = {'ctx', 'annotation', 'type_comment', 'kind', 'type_params', 'decorator_list'}
_HEADER = {'body', 'orelse', 'returns'}
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)

Bindings = dict[str, ast.AST]


class Pattern:
    """One pattern, compiled.

    :param text: as in the rule file.
    :raises SyntaxError: the text is not Python after ``$Name`` and ``def f(...)`` are read.
    """

    def __init__(self, text: str) -> None:
        self.text = ' '.join(text.split())
        source = re.sub(r'^def (\w+)\(\.\.\.\)', rf'def \1(*{_REST})', text.strip())
        body = ast.parse(re.sub(r'\$(\w+)', _WILD + r'\1', source)).body
        if len(body) != 1:
            raise SyntaxError(f'a pattern is one statement, expression or dict item: {text!r}')
        self.node: ast.AST = body[0].value if isinstance(body[0], ast.Expr) else body[0]

    def match(self, node: ast.AST) -> Bindings | None:
        """What the names stand for when the node looks like the pattern, else None."""
        bindings: Bindings = {}
        return bindings if _same(self.node, node, bindings) else None

    def search(self, tree: ast.AST) -> list[tuple[ast.AST, Bindings]]:
        """Every node in the tree that matches, at any depth; a dict display is looked at item by item."""
        return self._matches(ast.walk(tree))

    def places(self, scope: ast.AST) -> list[tuple[ast.AST, Bindings]]:
        """The nodes that match and are of this scope itself, where a name that is bound means the same."""
        return self._matches(_own(scope, whole=not isinstance(scope, ast.Module)))

    def _matches(self, nodes: Iterator[ast.AST]) -> list[tuple[ast.AST, Bindings]]:
        found = []
        for node in _candidates(nodes, items=isinstance(self.node, ast.Dict)):
            bindings = self.match(node)
            if bindings is not None:
                found.append((node, bindings))
        return found


def dict_item(key: ast.expr | None, value: ast.expr) -> ast.Dict:
    """One item of a dict display as a node that knows its place."""
    start = key or value
    return ast.Dict(keys=[key], values=[value], lineno=start.lineno, col_offset=start.col_offset,
                    end_lineno=value.end_lineno, end_col_offset=value.end_col_offset)


def _own(scope: ast.AST, whole: bool) -> Iterator[ast.AST]:
    """What is in a scope, without what functions and classes in it hold.

    :param whole: also what stands in its conditions, loops and the like.
    """
    for node in ast.iter_child_nodes(scope):
        yield node
        if not isinstance(node, _SCOPES) and (whole or not hasattr(node, 'body')):
            yield from _own(node, whole)


def _candidates(nodes: Iterator[ast.AST], items: bool) -> Iterator[ast.AST]:
    for node in nodes:
        if items and isinstance(node, ast.Dict):
            yield from map(dict_item, node.keys, node.values)
        else:
            yield node


def _same(pattern: Any, node: Any, bindings: Bindings) -> bool:
    if isinstance(pattern, list):
        return isinstance(node, list) and _same_list(pattern, node, bindings)
    if not isinstance(pattern, ast.AST):
        return bool(pattern == node)
    if isinstance(pattern, ast.Name) and pattern.id.startswith(_WILD):
        return _bind(pattern.id[len(_WILD):], node, bindings)
    return type(pattern) is type(node) and all(
        _same(getattr(pattern, field, None), getattr(node, field, None), bindings) for field in _fields(pattern))


def _same_list(pattern: list, nodes: list, bindings: Bindings) -> bool:
    if pattern and _is_dots(pattern[-1]):
        pattern = pattern[:-1]
        nodes = nodes[:len(pattern)]
    return len(pattern) == len(nodes) and all(_same(p, n, bindings) for p, n in zip(pattern, nodes))


def _bind(name: str, node: Any, bindings: Bindings) -> bool:
    if not isinstance(node, ast.AST):
        return False
    return name == '_' or ast.dump(bindings.setdefault(name, node)) == ast.dump(node)


def _fields(pattern: ast.AST) -> list[str]:
    skip = set(_IGNORED)
    if isinstance(getattr(pattern, 'body', None), list) and _is_dots(pattern.body[0]):  # type: ignore[attr-defined]
        skip |= _HEADER
    if isinstance(pattern, ast.FunctionDef) and pattern.args.vararg and pattern.args.vararg.arg == _REST:
        skip.add('args')
    if isinstance(pattern, ast.Call) and pattern.args and _is_dots(pattern.args[-1]):
        skip.add('keywords')
    return [field for field in pattern._fields if field not in skip]


def _is_dots(node: Any) -> bool:
    node = node.value if isinstance(node, ast.Expr) else node
    return isinstance(node, ast.Constant) and node.value is ...
