"""The fork stands in for the stock package that a host of that release really has."""

from pathlib import Path

import pytest

from builder.common.errors import UsageError
from builder.common.model import Stock, Tree
from builder.package import standin

BOOKWORM = Stock('python3-nova', '2:26.2.2-1~deb12u5', 'deb')


def tree(version, stock=None):
    return Tree(Path('/nowhere'), version, 'a test', stock=stock)


def test_a_tree_from_a_stock_package_stands_in_for_exactly_that_package():
    assert standin.of(tree('26.2.2', BOOKWORM), 'deb') is BOOKWORM


@pytest.mark.parametrize(('version', 'family', 'name', 'expected'), [
    ('2014.1.5', 'deb', 'python-nova', '1:2014.1.5-0ubuntu1'),
    ('2014.1.5', 'rpm', 'python-nova', '2014.1.5-1'),
    ('2015.1.4', 'rpm', 'python-nova', '2015.1.4-1'),
    ('12.0.6', 'rpm', 'python-nova', '1:12.0.6-1'),
    # Ubuntu 14.10 to 18.04: 1:2014.2.4-0ubuntu1, 1:2015.1.4-0ubuntu2, 2:12.0.6-…, 2:13.1.4-…, 2:17.0.13-…
    ('2014.2.4', 'deb', 'python-nova', '1:2014.2.4-0ubuntu1'),
    ('2015.1.4', 'deb', 'python-nova', '1:2015.1.4-0ubuntu1'),
    ('12.0.6', 'deb', 'python-nova', '2:12.0.6-0ubuntu1'),
    ('13.1.4', 'deb', 'python-nova', '2:13.1.4-0ubuntu1'),
    ('17.0.13', 'deb', 'python-nova', '2:17.0.13-0ubuntu1'),
    # RDO: 2014.2.3-1.el7, 1:13.1.4-1.el7, 1:17.0.13-1.el7; Debian 10: 2:18.1.0-6
    ('2014.2.3', 'rpm', 'python-nova', '2014.2.3-1'),
    ('17.0.13', 'rpm', 'python-nova', '1:17.0.13-1'),
    ('18.3.0', 'deb', 'python3-nova', '2:18.3.0-1'),
    ('34.0.0', 'rpm', 'python3-nova', '1:34.0.0-1'),
])
def test_an_upstream_release_stands_in_for_what_distributions_ship(version, family, name, expected):
    stock = standin.of(tree(version), family)
    assert (stock.name, stock.version) == (name, expected)


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
    with pytest.raises(UsageError, match='not a full package version'):
        standin.override(tree('2014.1.5'), nonsense, 'deb')
