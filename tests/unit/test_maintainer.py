"""Who answers for packages is set by DEBFULLNAME and DEBEMAIL, and stands in every one of them."""

import re
import subprocess

import pytest

from builder.common import environment, project
from builder.common.errors import BuildError
from builder.common.maintainer import maintainer, parsed
from builder.package import recipe

DEFAULT = 'nova-cascading maintainers <maintainers@nova-cascading.example.org>'


@pytest.fixture
def given(monkeypatch):
    def give(name='', address=''):
        monkeypatch.setenv('DEBFULLNAME', name)
        monkeypatch.setenv('DEBEMAIL', address)
    return give


@pytest.mark.parametrize(('name', 'address', 'said'), [
    ('', '', DEFAULT),
    ('José A. Doe (ops)', 'jose@example.org', 'José A. Doe (ops) <jose@example.org>'),
    ('', 'jane@example.org', 'nova-cascading maintainers <jane@example.org>'),
    ('Jane', '', 'Jane <maintainers@nova-cascading.example.org>'),
    ('', 'Jane Doe <jane@example.org>', 'Jane Doe <jane@example.org>'),
    ('Jane', 'Somebody <jane@example.org>', 'Jane <jane@example.org>'),
], ids=['neither', 'both', 'address', 'name', 'whole', 'whole and name'])
def test_what_is_set_counts_and_each_part_has_a_default(given, name, address, said):
    given(name, address)
    assert str(maintainer()) == said
    given(**dict(zip(('name', 'address'), parsed(said))))
    assert str(maintainer()) == said, 'what prove sets'


@pytest.mark.parametrize(('name', 'address'), [
    ('Jane\nDepends: sudo', 'jane@example.org'), ('%(reboot)', 'jane@example.org'), ('@VERSION@', 'jane@example.org'),
    ('Jane <j@example.org>', 'jane@example.org'), ('Jane', 'jane'), ('Jane', 'a b@example.org'), ('Jane\\', 'j@x.org'),
    ('Jane', 'jane@%{x}'), ('\udcff', 'jane@example.org'),
])
def test_what_would_be_more_than_a_name_in_a_package_is_refused(given, name, address):
    given(name, address)
    with pytest.raises(BuildError, match='no name and address') as caught:
        maintainer()
    assert 'unset both' in caught.value.hint


def test_it_is_among_what_a_build_may_take_from_the_environment(given):
    given('Jane', 'jane@example.org')
    assert {'DEBFULLNAME', 'DEBEMAIL'} <= environment.kept().keys()


@pytest.mark.parametrize('name', [path.name for path in sorted(recipe.RECIPES.iterdir()) if path.is_dir()])
def test_recipes_name_the_same_one(given, tmp_path, name):
    given('Jane', 'jane@example.org')
    control = (recipe.lay_out(name, tmp_path / 'out') / 'debian/control').read_text()
    assert 'Maintainer: Jane <jane@example.org>\n' in control and '@MAINTAINER@' not in control


def test_the_default_stands_in_one_place():
    words = ['git', '-c', f'safe.directory={project.PROJECT}', 'grep', '-lE', 'maintainers@nova-cascading|@localhost>']
    found = subprocess.run([*words, '--', ':!tests', ':!docs', ':!src'], cwd=project.PROJECT, capture_output=True,
                           text=True)
    assert found.stdout.split() == ['pyproject.toml']
    assert re.search('^maintainer = ', (project.PROJECT / 'pyproject.toml').read_text(), re.MULTILINE)
