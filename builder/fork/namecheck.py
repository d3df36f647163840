"""The second check: each name that a change uses means something there.

The first one compares syntax trees, which do not tell whether a parameter still has the name that the change knows.
"""

from __future__ import annotations

import ast
import builtins
import symtable
import warnings
from collections.abc import Iterator

from builder.fork.syntaxcheck import Difference, parse


def verify(before: bytes, after: bytes) -> None:
    """Check that ``after`` leaves no name without a meaning that ``before`` does not leave without one, too.

    So names that only Python 2 knows need no list. What imports ``*``, or breaks a rule on names that only Python 3
    has (``global`` after use), cannot be asked: there the anchors of the rules are all there is.

    :raises Difference: there is such a name.
    """
    lost = sorted(set(_unbound(after)) - set(_unbound(before))) if _can_be_asked(before) else []
    if lost:
        raise Difference(', '.join(f'nothing binds {name} in {scope}' for scope, name in lost))


def _can_be_asked(source: bytes) -> bool:
    try:
        _table(source)
    except SyntaxError:
        return False
    imports = [node for node in ast.walk(parse(source)) if isinstance(node, ast.ImportFrom)]
    return not any(alias.name == '*' for node in imports for alias in node.names)


def _table(source: bytes) -> symtable.SymbolTable:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # Python 3.12 warns of old nova's string escapes
        return symtable.symtable(source, 'nova', 'exec')  # type: ignore[arg-type]


def _unbound(source: bytes) -> Iterator[tuple[str, str]]:
    """(scope, name) for each name that is used and bound neither there, around it, in the module nor in Python."""
    module = _table(source)
    known = {symbol.get_name() for symbol in module.get_symbols() if _bound(symbol)} | set(dir(builtins))
    for scope, table in _tables(module, ()):
        for symbol in table.get_symbols():
            used = symbol.is_referenced() and not symbol.is_free() and not _bound(symbol)
            if used and symbol.get_name() not in known:
                yield scope, symbol.get_name()


def _bound(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_parameter()


def _tables(table: symtable.SymbolTable, names: tuple[str, ...]) -> Iterator[tuple[str, symtable.SymbolTable]]:
    yield '.'.join(names) or 'the module', table
    for inner in table.get_children():
        yield from _tables(inner, (*names, inner.get_name()))
