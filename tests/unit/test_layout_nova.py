"""What the folders of nova.cascading must be besides in order: it starts on old Pythons, and services wait for it."""

import ast

from builder.common.project import PROJECT
from tests.layout import House

SOURCE = PROJECT / 'src/nova/cascading'


def test_the_preflight_carries_all_that_its_modules_import():
    house = House(PROJECT / 'src', 'nova.cascading', [])
    script = ast.parse((SOURCE / 'host/preflight.py').read_text())
    names = next(ast.literal_eval(node.value) for node in script.body
                 if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == 'NAMES')
    carried = {f'nova.cascading.{name}' for name in names}
    needed = {found.target for found in house.imports() if found.source in carried}
    assert needed - carried - {'nova.cascading'} == set()


def test_each_folder_is_a_package_that_imports_nothing():
    """The gate of a starting service waits for each import."""
    folders = {path.parent.relative_to(SOURCE) for path in SOURCE.rglob('*.py')}
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


def test_the_hook_in_nova_imports_nothing_of_ours_later():
    """A package may move modules while a `nova-manage db sync` that has loaded the old ones is at work."""
    house = House(PROJECT / 'src', 'nova.cascading', [])
    loaded, found = set(), {'nova.cascading.schema'}
    while found - loaded:
        loaded |= found
        found = {one.target for one in house.imports() if one.source in loaded}
    late = [f'{path}:{node.lineno}' for path in (house.modules[name] for name in loaded)
            for function in ast.walk(ast.parse(path.read_text())) if isinstance(function, ast.FunctionDef)
            for node in ast.walk(function) if isinstance(node, ast.ImportFrom)
            and node.module.startswith('nova.cascading')]
    assert late == []
