"""The rooms of nova.cascading: what a person types stands above what it needs, and nothing looks up."""

import ast
import re

import pytest

from builder.project import PROJECT

SOURCE = PROJECT / 'src/nova/cascading'
PACKAGE = 'nova.cascading'
PREFLIGHT = 'host.preflight'
# From the top down: a room imports from those below its line and from itself. A module at the top is a room of its own.
ROOMS = [
    {'__main__'},
    {'cli', 'schema'},  # the ways in: a person's, and nova's own
    {'mapping', 'host'},
    {'conductors', 'migration'},
    {'database'},
    {'arguments', 'config', 'failure', 'output', 'safefile'},
    {'redact', 'terminal'},
    {'errors', 'faults'},
]
LEVEL = {room: number for number, rooms in enumerate(ROOMS) for room in rooms}


def modules(source=SOURCE):
    """Name below nova.cascading -> syntax tree; a package has its own name."""
    names = {path: '.'.join(path.relative_to(source).with_suffix('').parts) for path in source.rglob('*.py')}
    return {re.sub(r'\.?__init__$', '', name): ast.parse(path.read_text()) for path, name in names.items()}


def imports(name, tree, known):
    """The modules of nova.cascading that a module names in an import, a text (import by name, `-m`) or a list."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            found.update({f'{node.module}.{one.name}' for one in node.names} | {node.module})
        elif isinstance(node, ast.Import):
            found.update(one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            pytest.fail(f'{name}: a relative import in line {node.lineno}')
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.update(re.findall(r'\bnova\.cascading[\w.]*', node.value if ' ' not in node.value else ''))
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == 'NAMES' and name == PREFLIGHT:
            found.update(f'{PACKAGE}.{one}' for one in ast.literal_eval(node.value))
    below = {one[len(PACKAGE) + 1:] for one in found if one.startswith(PACKAGE + '.')}
    return {one for one in below & known if not f'{name}.'.startswith(f'{one}.')}


def room(name):
    return name.partition('.')[0]


def graph(found):
    return {name: imports(name, tree, found.keys()) for name, tree in found.items() if name}


def upward(edges):
    return [f'{name} -> {other}' for name, others in edges.items() for other in sorted(others)
            if room(name) != room(other) and LEVEL[room(name)] >= LEVEL[room(other)]]


def circle(edges):
    """The names of a circle of imports, or None."""
    left = {name: set(others) for name, others in edges.items()}
    while left:
        free = [name for name, others in left.items() if not others & left.keys()]
        if not free:
            return sorted(left)
        for name in free:
            del left[name]
    return None


def test_every_room_is_in_the_table_and_every_entry_of_it_is_a_room():
    assert {room(name) for name in modules() if name} == LEVEL.keys()


def test_imports_run_downwards_only():
    assert upward(graph(modules())) == []


def test_no_imports_run_in_a_circle():
    assert circle(graph(modules())) is None


@pytest.mark.parametrize('line', [
    'from nova.cascading import cli', 'import nova.cascading.cli', 'from nova.cascading.cli import main',
    'def f():\n    from nova.cascading.host import services', "__import__('nova.cascading.host.services')",
    "COMMANDS = (('services', 'nova.cascading.host.services'),)"])
def test_each_way_to_look_up_is_seen(line):
    found = {**modules(), 'database.connection': ast.parse(line)}
    assert upward(graph(found)), line


def test_a_circle_is_seen():
    assert circle({'a': {'b'}, 'b': {'c'}, 'c': {'a'}, 'd': {'a'}}) == ['a', 'b', 'c', 'd']


def test_the_preflight_carries_all_that_its_modules_import():
    edges = graph(modules())
    carried = edges[PREFLIGHT]
    assert {other for name in carried for other in edges[name]} - carried == set()


def test_each_folder_is_a_package_that_imports_nothing():
    """The gate of a starting service waits for each import."""
    folders = {path.relative_to(SOURCE) for path in SOURCE.rglob('*') if path.is_dir() and path.name != '__pycache__'}
    assert {path for path in folders if not (SOURCE / path / '__init__.py').is_file()} == set()
    assert [path for path in folders if 'import ' in (SOURCE / path / '__init__.py').read_text()] == []


def test_no_module_is_taken_for_a_library_by_its_neighbours():
    """Python 2 looks beside a module first: with a mapping/csv.py there, `import csv` would find that one."""
    hidden = []
    for path in SOURCE.rglob('*.py'):
        neighbours = {other.stem for other in path.parent.iterdir() if other.suffix == '.py' or other.is_dir()}
        for node in ast.walk(ast.parse(path.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else \
                [node.module] if isinstance(node, ast.ImportFrom) else []
            hidden += [f'{path.name}: {name}' for name in names if name.partition('.')[0] in neighbours]
    assert hidden == []
