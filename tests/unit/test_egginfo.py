"""nova's metadata: taken over when there is some, made from what the tree declares when not; no code of it runs."""

import importlib.metadata

import pytest

from builder.common.errors import BuildError
from builder.common.model import Tree
from builder.package import egginfo

SETUP_CFG = """\
[metadata]
name = nova
summary = A test of ours
author-email = someone@example.org
home-page = http://example.org/
classifier =
    Environment :: Test
    Programming Language :: Python :: 2.6

[global]
setup-hooks =
    some.hook

[entry_points]
console_scripts =
    nova-x = nova.cmd.x:main
# a comment between the groups
some.drivers =
    fast = nova.drivers.fast:Driver
    slow = nova.drivers.slow
"""
REQUIREMENTS = """\
# The order counts.
pbr>=0.6,<1.0
SQLAlchemy>=0.7.8,!=0.9.5  # MIT
-e git+https://example.org/x
enum34 ; python_version=='2.7'
"""
PYPROJECT = """\
[project]
name = "nova"
description = "A test of ours"
classifiers = ["Environment :: Test"]
dynamic = ["version", "dependencies"]
[project.optional-dependencies]
osprofiler = ["osprofiler>=1.4.0"]
[project.scripts]
nova-x = "nova.cmd.x:main"
[project.entry-points."some.drivers"]
fast = "nova.drivers.fast:Driver"
"""


def tree(path, files, **known):
    for name, text in files.items():
        path.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        path.joinpath(name).write_text(text)
    return Tree(path, '9.1', 'a test', **known)


def distribution(path):
    found = list(importlib.metadata.distributions(path=[str(path.parent)]))
    assert len(found) == 1
    return found[0]


def test_python_reads_what_was_made_from_setup_cfg(tmp_path):
    source = tree(tmp_path / 'tree', {'setup.cfg': SETUP_CFG, 'requirements.txt': REQUIREMENTS,
                                      'setup.py': 'raise SystemExit("the code of a tree must not run")\n'})
    info = egginfo.ensure(source, tmp_path / 'out')
    assert info.name == 'nova-9.1.egg-info'
    made = distribution(info)
    assert (made.metadata['Name'], made.version) == ('nova', '9.1')
    assert made.metadata.get_all('Classifier') == ['Environment :: Test', 'Programming Language :: Python :: 2.6']
    assert {(point.group, point.name, point.value) for point in made.entry_points} == {
        ('console_scripts', 'nova-x', 'nova.cmd.x:main'), ('some.drivers', 'fast', 'nova.drivers.fast:Driver'),
        ('some.drivers', 'slow', 'nova.drivers.slow')}
    assert made.requires == ['pbr>=0.6,<1.0', 'SQLAlchemy>=0.7.8,!=0.9.5', "enum34; python_version=='2.7'"]
    assert (info / 'top_level.txt').read_text() == 'nova\n'


def test_newer_trees_declare_it_in_pyproject_toml(tmp_path):
    source = tree(tmp_path / 'tree', {'pyproject.toml': PYPROJECT, 'setup.cfg': '[metadata]\nname = nova\n',
                                      'requirements.txt': 'pbr>=5.8.0\n'})
    made = distribution(egginfo.ensure(source, tmp_path / 'out'))
    assert {(point.group, point.name) for point in made.entry_points} == {
        ('console_scripts', 'nova-x'), ('some.drivers', 'fast')}
    assert made.requires == ['pbr>=5.8.0', 'osprofiler>=1.4.0; extra == "osprofiler"']


def test_the_tree_s_own_is_taken_over_without_what_only_a_build_needs(tmp_path):
    source = tree(tmp_path / 'tree', {'nova.egg-info/PKG-INFO': 'Name: nova\nVersion: 9.1\n',
                                      'nova.egg-info/entry_points.txt': '[x]\ny = z\n',
                                      'nova.egg-info/SOURCES.txt': 'setup.py\n', 'nova.egg-info/pbr.json': '{}'},
                  egg_info=tmp_path / 'tree/nova.egg-info')
    info = egginfo.ensure(source, tmp_path / 'out')
    assert info.name == 'nova-9.1.egg-info'
    assert {path.name for path in info.iterdir()} == {'PKG-INFO', 'entry_points.txt'}


def test_requirements_are_those_of_every_environment(tmp_path):
    source = tree(tmp_path / 'tree', {'nova.egg-info/requires.txt': "pbr>=5\nsix\n\n[osprofiler]\nosprofiler\n"},
                  egg_info=tmp_path / 'tree/nova.egg-info')
    assert egginfo.requirements(source) == ['pbr>=5', 'six']


def test_a_tree_that_declares_nothing_is_refused_with_a_way_on(tmp_path):
    with pytest.raises(BuildError) as refused:
        egginfo.ensure(tree(tmp_path / 'tree', {'nova/__init__.py': ''}), tmp_path / 'out')
    assert 'no egg-info' in str(refused.value) and 'Next:' in str(refused.value)
