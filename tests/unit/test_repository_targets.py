"""The suite of a package is that of the stock package it stands in for."""

import pytest

from builder.common.errors import BuildError
from builder.repository import targets, versions


@pytest.mark.parametrize(('version', 'suite'), [
    ('1:2014.1.5-0ubuntu1+cascading1', 'icehouse-trusty'),
    ('1:2014.1.5-0ubuntu1.7~cloud0+cascading1', 'icehouse-precise'),
    ('2014.1.3-11+cascading1', 'icehouse-jessie'),
    ('1:2014.2.4-0ubuntu1~cloud4+cascading1', 'juno-trusty'),
    ('2:26.2.2-1~deb12u3+cascading2', 'zed-bookworm'),
    ('2:22.0.1-2+deb11u1+cascading1', 'victoria-bullseye'),
    ('2:31.0.0-6+cascading1', 'epoxy-trixie'),
    ('2:31.0.0-6~bpo12+1+cascading1', 'epoxy-bookworm'),
    ('2:17.0.13-0ubuntu5+cascading1', 'queens-bionic'),
    ('3:25.2.1-0ubuntu2+cascading1', 'yoga-jammy'),
    ('3:27.1.0-0ubuntu1~cloud0+cascading1', 'antelope-jammy'),
    ('2:40.0.0-1+cascading1', 'nova40-sid'),
])
def test_deb(version, suite):
    assert targets.of_deb(version).name == suite


@pytest.mark.parametrize(('version', 'python', 'suite'), [
    ('2014.1.5-1.el6.cascading1', '2.6', 'icehouse-el6'),
    ('2014.1.5-1.cascading1', '2.6', 'icehouse-el6'),
    ('2014.1.5-1.cascading1', '2.7', 'icehouse-el7'),
    ('1:26.2.2-1.el9s.cascading3', '3.9', 'zed-el9'),
    ('1:20.6.1-1.el7.cascading1', '2.7', 'train-el7'),
    ('1:33.0.0-1.fc44.cascading1', '3.14', 'gazpacho-fc44'),
])
def test_rpm(version, python, suite):
    assert targets.of_rpm(version, python).name == suite


def test_what_is_no_nova_version_needs_a_suite():
    with pytest.raises(BuildError, match='--suite'):
        targets.of_deb('unknown')


@pytest.mark.parametrize(('family', 'older', 'newer'), [
    ('deb', '1:2014.1.5-0ubuntu1+cascading9', '1:2014.1.5-0ubuntu1+cascading10'),
    ('deb', '1:2014.1.5-0ubuntu1+cascading1', '1:2014.1.5-0ubuntu1.1+cascading1'),
    ('rpm', '2014.1.5-1.cascading9', '2014.1.5-1.cascading10'),
    ('rpm', '2014.1.5-1.cascading1', '1:12.0.0-1.cascading1'),
])
def test_versions_sort_as_their_package_manager_sorts_them(family, older, newer):
    assert sorted([newer, older], key=versions.key(family)) == [older, newer]


def test_the_epoch_may_be_left_out():
    assert versions.same('1:2014.1.5-0ubuntu1+cascading1', '2014.1.5-0ubuntu1+cascading1')
    assert not versions.same('1:2014.1.5-0ubuntu1+cascading1', '2014.1.5-0ubuntu1')
