"""The fork stands in for the stock package that a host of that release really has."""

import csv
import re
from pathlib import Path

import pytest

from builder.common.errors import UsageError
from builder.common.model import Stock, Tree
from builder.common.project import PROJECT
from builder.package import standin
from builder.repository import targets
from builder.source import packaged, series

BOOKWORM = Stock('python3-nova', '2:26.2.2-1~deb12u5', 'deb')


def tree(version, stock=None):
    return Tree(Path('/nowhere'), version, 'a test', stock=stock)


def test_a_tree_from_a_stock_package_stands_in_for_exactly_that_package():
    assert standin.of(tree('26.2.2', BOOKWORM), 'deb') is BOOKWORM


@pytest.mark.parametrize(('version', 'family', 'name', 'expected'), [
    ('2014.1.5', 'deb', 'python-nova', '1:2014.1.5-0ubuntu1'),
    ('2014.1.5', 'rpm', 'python-nova', '2014.1.5-1'),
    ('2015.1.4', 'rpm', 'python-nova', '2015.1.4-1'),
    ('18.3.0', 'deb', 'python3-nova', '2:18.3.0-1'),
    ('25.3.0', 'deb', 'python3-nova', '3:25.3.0-0ubuntu1'),
    ('34.0.0', 'deb', 'python3-nova', '2:34.0.0-1'),
    ('34.0.0', 'rpm', 'python3-nova', '1:34.0.0-1'),
])
def test_an_upstream_release_stands_in_for_what_distributions_ship(version, family, name, expected):
    stock = standin.of(tree(version), family)
    assert (stock.name, stock.version) == (name, expected)


def given_out():
    """The rows of stock-versions.tsv: suite, package, version, source."""
    with (PROJECT / 'tests/data/stock-versions.tsv').open() as stream:
        return [row for row in csv.reader(stream, delimiter='\t') if not row[0].startswith('#')]


DEBIANS = {*targets.DEBIAN.values(), 'sid'}


def family_of(suite):
    return 'rpm' if re.search(r'-el\d+$', suite) else 'deb'


def vendor(suite):
    return 'rpm' if family_of(suite) == 'rpm' else 'debian' if suite.partition('-')[2] in DEBIANS else 'ubuntu'


EVERY = [pytest.param(*row[:3], id=f'{row[0]} {row[2]}') for row in given_out()]


@pytest.mark.parametrize(('suite', 'package', 'version'), EVERY)
def test_a_version_that_was_given_out_belongs_to_its_suite(suite, package, version):
    home = targets.of_rpm(version, '') if family_of(suite) == 'rpm' else targets.of_deb(version)
    assert home.name == suite


@pytest.mark.parametrize(('suite', 'package', 'version'), EVERY)
def test_a_release_stands_in_for_that_version_when_it_is_named(suite, package, version):
    release = tree(packaged.upstream_version(version))
    named = standin.of(standin.override(release, version, family_of(suite)), family_of(suite))
    assert (named.name, named.version) == (package, version)


@pytest.mark.parametrize(('suite', 'package', 'version'), EVERY)
def test_a_guess_has_the_epoch_of_what_its_distribution_gave_out(suite, package, version):
    guess = standin.of(tree(packaged.upstream_version(version)), family_of(suite)).version
    whose = family_of(suite) if family_of(suite) == 'rpm' else 'ubuntu' if 'ubuntu' in guess else 'debian'
    if whose == vendor(suite):
        assert guess.rpartition(':')[0] == version.rpartition(':')[0]


@pytest.mark.parametrize('known', series.table(), ids=lambda known: known.name)
def test_a_guessed_deb_goes_to_a_release_that_had_the_series(known):
    guess = standin.of(tree(f'{known.number}.0'), 'deb').version
    assert targets.of_deb(guess).name.partition('-')[2] in (known.ubuntu, known.debian or 'sid')


def test_a_deb_tree_has_an_rpm_equivalent_too():
    stock = standin.of(tree('26.2.2', BOOKWORM), 'rpm')
    assert (stock.name, stock.version, stock.family) == ('python3-nova', '1:26.2.2-1', 'rpm')


@pytest.mark.parametrize(('stock', 'deb', 'rpm'), [(None, True, True), (BOOKWORM, False, True)])
def test_a_stock_version_that_nobody_has_seen_is_a_guess(stock, deb, rpm):
    assert standin.is_guess(tree('26.2.2', stock), 'deb') == deb
    assert standin.is_guess(tree('26.2.2', stock), 'rpm') == rpm
    assert not standin.is_guess(standin.override(tree('26.2.2', stock), '1:26.2.2-1.el9', 'rpm'), 'rpm')


def test_stock_version_names_the_exact_package_of_the_target():
    changed = standin.override(tree('2014.1.5'), '1:2014.1.5-0ubuntu1.7', 'deb')
    assert standin.of(changed, 'deb').version == '1:2014.1.5-0ubuntu1.7'


@pytest.mark.parametrize('nonsense', ['', 'icehouse', '2014.1.5', '1:2014.1.5-', '2014.1.5-1;reboot'])
def test_a_stock_version_that_is_none_is_wrong_usage(nonsense):
    with pytest.raises(UsageError, match='not a full version of a deb'):
        standin.override(tree('2014.1.5'), nonsense, 'deb')


@pytest.mark.parametrize(('version', 'family'), [
    ('1:29.0.1^20240501git1a2b3c-1.fc40', 'rpm'), ('31.0.1-0.20250601_1.el9s', 'rpm'),
    ('2:26.2.2~rc1+ds-0~bpo12+1', 'deb'), ('1:2014.1.5-0ubuntu1.7~cloud0', 'deb'), ('2:26-2-1', 'deb')])
def test_versions_of_every_form_that_distributions_use_can_be_stood_in_for(version, family):
    assert standin.of(standin.override(tree('26.2.2'), version, family), family).version == version


@pytest.mark.parametrize(('version', 'family'), [
    ('2:26.2.2^1-1', 'deb'), ('2:26.2.2-1_1', 'deb'), ('1:26-2-1', 'rpm'), ('9999999999:26.2.2-1', 'deb'),
    ('26.2.2', 'deb'), ('\u0662:26.2.2-1', 'deb'), ('26.2.2-1\n', 'deb'), ('26.2.2-' + '1' * 200, 'deb'),
    ('%(id)-1', 'rpm'), ('26-%{x}', 'rpm')])
def test_what_no_package_of_the_family_can_be_called_is_refused_before_anything_is_built(version, family):
    with pytest.raises(UsageError, match=f'not a full version of a {family}'):
        standin.override(tree('26.2.2'), version, family)
