"""Inserts text next to a node, touching nothing else: line endings, comments and layout stay as they are."""

from __future__ import annotations

import ast
import re

BLANK = re.compile(rb'\s*(#.*)?$')


class Conflict(Exception):
    """The rule cannot be applied to this file; the text says why."""


class Lines:
    """A source as lines of bytes, cut where Python's tokenizer cuts them (columns count UTF-8 bytes)."""

    def __init__(self, source: bytes) -> None:
        self.lines = source.splitlines(keepends=True)

    def source(self) -> bytes:
        return b''.join(self.lines)

    def head(self, node: ast.AST) -> bytes:
        """What stands before the node on its first line."""
        return self.lines[node.lineno - 1][:node.col_offset]  # type: ignore[attr-defined]

    def tail(self, node: ast.AST) -> bytes:
        """What stands after the node on its last line, line ending included."""
        return self.lines[node.end_lineno - 1][node.end_col_offset:]  # type: ignore[attr-defined]

    def insert_lines(self, at: int, text: str, like: int) -> None:
        """Insert text above line index ``at``, with the indentation and the line ending of line index ``like``."""
        indent = re.match(rb'[ \t]*', self.lines[like])[0]  # type: ignore[index]
        ending = _ending(self.lines[like])
        if not ending:  # the last line of a file without a final newline
            ending = self._usual_ending()
            self.lines[like] += ending
        self.lines[at:at] = [(indent + line.encode() if line else b'') + ending for line in text.split('\n')]

    def insert_inline(self, node: ast.AST, text: str) -> None:
        """Insert text right after the node."""
        row, column = node.end_lineno - 1, node.end_col_offset  # type: ignore[attr-defined]
        self.lines[row] = self.lines[row][:column] + text.encode() + self.lines[row][column:]

    def _usual_ending(self) -> bytes:
        return _ending(self.lines[0]) or b'\n'


def _ending(line: bytes) -> bytes:
    return line[len(line.rstrip(b'\r\n')):]


def insert(source: bytes, node: ast.AST, kind: str, text: str) -> bytes:
    """The source with the text inserted.

    :param node: the anchor, from a syntax tree of this very source.
    :param kind: see ``builder.fork.rules.load.Edit``.
    :raises Conflict: there is no room for it that is surely right.
    """
    lines = Lines(source)
    if kind in ('append', 'keyword'):
        lines.insert_inline(_last_item(node, kind), ', ' + text)
    elif kind == 'decorate':
        _above(lines, node, '@' + text)
    elif isinstance(node, ast.Dict):
        _dict_item(lines, node, kind, text)
    elif kind == 'before':
        _above(lines, node, text)
    else:
        _below(lines, node, text)
    return lines.source()


def _above(lines: Lines, node: ast.AST, text: str) -> None:
    _alone(lines.head(node), node)
    row = node.lineno - 1  # type: ignore[attr-defined]
    lines.insert_lines(row, text, like=row)


def _below(lines: Lines, node: ast.AST, text: str) -> None:
    _alone(lines.head(node), node)
    if not BLANK.match(lines.tail(node)):
        _shares(node)
    lines.insert_lines(node.end_lineno, text, like=node.lineno - 1)  # type: ignore[attr-defined]


def _dict_item(lines: Lines, node: ast.AST, kind: str, text: str) -> None:
    if kind != 'after':
        raise Conflict('a dict item is inserted after another one')
    tail = lines.tail(node)
    if not lines.head(node).strip() and tail.startswith(b',') and BLANK.match(tail[1:]):
        lines.insert_lines(node.end_lineno, text + ',', like=node.lineno - 1)  # type: ignore[attr-defined]
    else:
        lines.insert_inline(node, ', ' + text)


def _last_item(node: ast.AST, kind: str) -> ast.AST:
    items, closed = _keywords(node) if kind == 'keyword' else _sequence(node)
    if closed:
        raise Conflict(f'line {node.lineno}: no place after {closed}')  # type: ignore[attr-defined]
    if not items:
        raise Conflict(f'line {node.lineno}: nothing to append to')  # type: ignore[attr-defined]
    return max(items, key=lambda item: (item.end_lineno, item.end_col_offset))


def _sequence(node: ast.AST) -> tuple[list, str]:
    """What a list, call or function holds, and what must stay last in it ('' when nothing must)."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        args = node.args
        starred = args.vararg or args.kwarg or args.kwonlyargs
        return [*args.args, *args.defaults], 'the * or ** parameters' if starred else ''
    value = node.value if isinstance(node, ast.Assign) else node
    if isinstance(value, ast.Call):
        return value.args, 'the keyword arguments' if value.keywords else ''
    return value.elts, ''  # type: ignore[attr-defined]


def _keywords(node: ast.AST) -> tuple[list, str]:
    call = node.value if isinstance(node, ast.Assign) else node
    opened = any(keyword.arg is None for keyword in call.keywords)  # type: ignore[attr-defined]
    return [*call.args, *call.keywords], 'the ** argument' if opened else ''  # type: ignore[attr-defined]


def _alone(head: bytes, node: ast.AST) -> None:
    if head.strip():
        _shares(node)


def _shares(node: ast.AST) -> None:
    raise Conflict(f'line {node.lineno} holds more than the place found')  # type: ignore[attr-defined]
