"""The check that runs before the fork is installed: one file, made of the modules that the migration asks with."""

from __future__ import annotations

import ast

from builder.common.project import PROJECT

SOURCE = PROJECT / 'src/nova/cascading'
SCRIPT = SOURCE / 'host/preflight.py'
QUOTES = "'''"


def text() -> str:
    """The whole of it, to be given to a Python on its standard input; without the last newline."""
    script = SCRIPT.read_text(encoding='ascii')
    modules = ''.join(f'    {name!r}: r{QUOTES}{module(name)}{QUOTES},\n' for name in names())
    return script.replace('MODULES = {}', f'MODULES = {{\n{modules}}}').rstrip('\n')


def names() -> list[str]:
    """The modules that belong to it, as src/nova/cascading/host/preflight.py lists them."""
    tree = ast.parse(SCRIPT.read_text(encoding='ascii'))
    found = [node.value for node in tree.body if isinstance(node, ast.Assign)
             and isinstance(node.targets[0], ast.Name) and node.targets[0].id == 'NAMES']
    return list(ast.literal_eval(found[0]))


def module(name: str) -> str:
    path = SOURCE.joinpath(*name.split('.'))
    content = (path / '__init__.py' if path.is_dir() else path.with_suffix('.py')).read_text(encoding='ascii')
    assert QUOTES not in content, f'{name} cannot be quoted with {QUOTES}'
    return content
