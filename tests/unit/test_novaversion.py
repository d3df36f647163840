"""Nova's numbers in nova's order, and names people use for them."""

import pytest

from builder.common.errors import BuildError
from builder.source import releases
from builder.source.novaversion import Release, past, within

ORDER = ['2014.1', '2014.1.1', '2014.1.5', '2014.2', '2015.1.0', '2015.1.4', '12.0.0', '12.0.6', '13.0.0', '26.3.0',
         '34.0.0']


def test_liberty_comes_after_kilo():
    assert sorted(sorted(ORDER), key=Release.of) == ORDER


@pytest.mark.parametrize('version', ['2014.1.b1', '2014.1.rc2', '12.0.0.0b1', '12.0.0.0rc1', '12.0.0a0', '26.2.2.dev1'])
def test_pre_releases_are_known_as_such(version):
    assert not Release.of(version).final


@pytest.mark.parametrize('version', ORDER)
def test_final_releases_are_final(version):
    assert Release.of(version).final


@pytest.mark.parametrize('text', ['', 'icehouse', '1..2', 'v2014.1', '26.x'])
def test_what_is_no_version_is_refused(text):
    with pytest.raises(BuildError, match='not a nova version'):
        Release.of(text)


@pytest.mark.parametrize('version, bounds, holds', [
    ('2014.1', '>=2014.1', True), ('12.0.6', '>=2014.1, <13', True), ('13.0.0', '>=2014.1, <13', False),
    ('2013.2', '>=2014.1', False), ('14', '>=14, <17', True), ('17.0.0', '>=14, <17', False), ('34.0.0', '', True),
])
def test_bounds(version, bounds, holds):
    assert within(version, bounds) is holds


@pytest.mark.parametrize('version, bounds, left', [
    ('13.0.0', '>=2014.1, <13', True), ('12.0.6', '>=2014.1, <13', False), ('35.0.0', '>=14, <17', True),
    ('2014.1.5', '>=14, <17', False), ('13.1.4', '>=14, <17', False), ('34.0.0', '>=2014.1', False),
    ('34.0.0', '', False), ('17.0.0.0b1', '>=14, <17', False), ('17.0.0.0rc1.dev4', '>=14, <17', False),
    ('17.0.1.dev4', '>=14, <17', True), ('35.0.0.0rc1', '>=14, <17', True),
])
def test_bounds_are_left_behind_from_the_first_release_beyond_them_on(version, bounds, left):
    assert past(version, bounds) is left


@pytest.mark.parametrize('name, version', [
    ('icehouse', '2014.1.5'), ('Icehouse', '2014.1.5'), ('2014.1', '2014.1'), ('juno', '2014.2.4'),
    ('newton', '14.1.0'),
    ('zed', '26.3.0'), ('2023.1', '27.5.1'), ('26.3.0', '26.3.0'),
])
def test_names_people_use(name, version):
    assert releases.find(name).version == version


def test_a_later_release_than_the_table_is_left_to_pypi():
    assert releases.find('99.1.0') == releases.Pin('99.1.0', 'pypi')


@pytest.mark.parametrize('name, close', [('icehose', 'icehouse'), ('2014.1.6', '2014.1.5'), ('26.3', '26.3.0')])
def test_an_unknown_release_is_answered_with_close_ones(name, close):
    with pytest.raises(BuildError) as caught:
        releases.find(name)
    assert name in caught.value.what and close in caught.value.hint


def test_what_git_gave_is_pinned_by_commit_and_tree():
    for pin in releases.table().values():
        assert pin.site in ('git', 'pypi')
        if pin.site == 'git':
            assert len(pin.commit) == len(pin.tree) == 40
