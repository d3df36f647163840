"""Is the change between two texts the same as between two others: the same lines, in the same class and function?"""

import ast
import difflib


def same(before, after, other_before, other_after):
    """
    :param before, after: the release's file, and the fork's.
    :param other_before, other_after: a host's own version of it, and that one with the patch applied.
    :returns: False also when a text does not parse.
    """
    try:
        return changes(before, after) == changes(other_before, other_after)
    except SyntaxError:
        return False


def changes(before, after):
    """:returns: [(scope, removed lines, added lines)] in order; a scope is like ``Instance.save``."""
    scopes = scopes_of(after)
    old, new = before.splitlines(), after.splitlines()
    blocks = difflib.SequenceMatcher(None, old, new).get_opcodes()
    return [(scopes.get(start_new + 1, ''), old[start:end], new[start_new:end_new])
            for tag, start, end, start_new, end_new in blocks if tag != 'equal']


def scopes_of(text):
    """:returns: line number -> the class or function it is in."""
    scopes = {}
    _walk(ast.parse(text), '', scopes)
    return scopes


def _walk(node, scope, scopes):
    for child in ast.iter_child_nodes(node):
        inner = scope
        if hasattr(child, 'name') and hasattr(child, 'body'):
            inner = '{0}.{1}'.format(scope, child.name).lstrip('.')
        if hasattr(child, 'lineno'):
            for number in range(child.lineno, _last_line(child) + 1):
                scopes[number] = inner
        _walk(child, inner, scopes)


def _last_line(node):
    return max([getattr(part, 'lineno', 0) for part in ast.walk(node)])
