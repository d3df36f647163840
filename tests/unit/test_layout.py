"""The rooms of the house: imports go one way, and nobody imports in a circle."""

import re
import subprocess

import pytest

from builder.common.project import PROJECT
from tests.layout import House

# Where the package lies, its name, and its rooms from the top down.
HOUSES = [
    (PROJECT, 'builder', ['__main__', 'cli', 'commands', 'repository', 'package', 'fork', 'source', 'common']),
    # cli is a person's way in, schema is nova's own.
    (PROJECT / 'src', 'nova.cascading', ['__main__', 'cli schema', 'mapping host', 'conductors migration', 'database',
                                         'arguments config failure output safefile',
                                         'conffiles installed intime redact terminal version', 'errors faults']),
]


@pytest.fixture(params=HOUSES, ids=lambda house: house[1])
def house(request):
    return House(*request.param)


def test_imports_go_downwards_only_and_in_no_circle(house):
    assert len(house.modules) > 10
    assert house.problems() == []


def named(pattern):
    """Everything in the project that looks like the pattern, this test and its tool left out."""
    if not (PROJECT / '.git').exists():
        pytest.skip('SKIPPED: this is no clone, but a download')
    words = ['git', '-c', f'safe.directory={PROJECT}', 'grep', '-IohE', pattern, '--', ':!tests/unit/test_layout.py',
             ':!tests/layout.py']
    return set(subprocess.run(words, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True).stdout.split())


def test_every_module_and_file_that_a_text_names_is_there(house):
    """Tests, scripts and documents name them: ``python3 -m builder.x``, monkeypatch's 'builder.x.y', builder/x/."""
    assert [name for name in named(rf'\b{re.escape(house.name)}(\.[a-z_0-9]+)+') if not is_there(house, name)] == []
    folder = (house.root / house.name.replace('.', '/')).relative_to(PROJECT)
    files = named(rf'\b{folder}(/[a-z_0-9.]+)*/[a-z_0-9]+(\.[a-z]+)?')
    assert [name for name in files if not (PROJECT / name).exists()] == []


def is_there(house, name):
    """A dotted name may go on with attributes behind a module, or behind a package whose ``__init__`` has them."""
    module = house.resolve(name)
    after = name[len(module) + 1:].partition('.')[0]
    path = house.modules[module]
    return path.name != '__init__.py' or re.search(rf'\b{after}\b', path.read_text())


def built(tmp_path, files):
    for name, text in {'house/__init__.py': '', 'house/up/__init__.py': '', 'house/down/__init__.py': '',
                       'house/down/stairs.py': '', 'house/up/roof.py': '', **files}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return House(tmp_path, 'house', ['up', 'down'])


@pytest.mark.parametrize('text', [
    'from house.up import roof',
    'from house.up.roof import tile',
    'import house.up.roof',
    'from ..up import roof',
    'def late():\n    from house.up import roof',
    'from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import house.up.roof',
    'import importlib\nimportlib.import_module("house.up.roof")',
    'import importlib\nimportlib.import_module(f"house.up.{name}")',
    'TABLE = {"roof": "house.up.roof"}',
    'words = ["sh", "-c", "python3 -m house.up.roof"]',
], ids=['module', 'name', 'import', 'relative', 'late', 'typing', 'by name', 'f-string', 'table', 'shell'])
def test_an_import_upwards_is_found_however_it_is_written(tmp_path, text):
    found = built(tmp_path, {'house/down/cellar.py': text}).problems()
    assert len(found) == 1 and re.match(r'house/down/cellar\.py:\d+: down imports house\.up', found[0]), found
    downwards = text.replace('up', 'down').replace('roof', 'stairs')
    assert built(tmp_path, {'house/down/cellar.py': downwards}).problems() == []


def test_a_circle_is_told_with_every_step_of_it(tmp_path):
    files = {'a': 'from house.down import b', 'b': 'from house.down import c',
             'c': '"""Prose on house.down.b."""\n\n\ndef late():\n    import house.down.a'}
    found = built(tmp_path, {f'house/down/{name}.py': text for name, text in files.items()}).problems()
    assert [text for text in found if 'c.py:5 imports house.down.a' in text and 'a.py:1 imports house.down.b' in text]


def test_neighbours_do_not_import_one_another_and_a_room_needs_a_storey(tmp_path):
    built(tmp_path, {'house/up/attic.py': 'from house.down import stairs'})
    assert 'up imports' in House(tmp_path, 'house', ['up down']).problems()[0]
    assert 'down: a room of house' in House(tmp_path, 'house', ['up']).problems()[0]
