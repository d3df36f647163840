"""What the yum plugin keeps from view, on given packages; dnf's is tried with dnf (tests/hosts/120_rpm_upgrade.py)."""

import importlib.util
import sys
import types

import pytest

from builder.common.project import PROJECT

PLUGIN = PROJECT / 'rpm/yum-plugin.py'
FIRST, SECOND, THIRD = (('0', '2014.1.5', f'{number}.el7') for number in (1, 2, 3))


def package(name, evr, provides=(), obsoletes=()):
    return types.SimpleNamespace(name=name, epoch=evr[0], version=evr[1], release=evr[2], provides=list(provides),
                                 obsoletes=list(obsoletes))


def fork(stock):
    return package('python-nova-cascading', (*stock[:2], f'{stock[2]}.cascading1'), [('python-nova', 'EQ', stock)],
                   [('python-nova', None, (None, None, None))])


@pytest.fixture
def plugin(monkeypatch):
    """The plugin, with two names of yum stood in for."""
    compare = types.ModuleType('rpmUtils.miscutils')
    compare.compareEVR = lambda one, other: (one > other) - (one < other)
    kinds = types.ModuleType('yum.plugins')
    kinds.TYPE_CORE = 0
    for name in ('rpmUtils', 'yum'):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, 'rpmUtils.miscutils', compare)
    monkeypatch.setitem(sys.modules, 'yum.plugins', kinds)
    spec = importlib.util.spec_from_file_location('yum_plugin', PLUGIN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def offered(*versions):
    return [package(name, evr) for evr in versions for name in (
        'python-nova', 'openstack-nova-api', 'openstack-nova', 'other', 'python-novaclient')]


def hidden(plugin, installed, *rest):
    services = [package('openstack-nova-api', FIRST), package('other', FIRST)]
    return {(one.name, plugin.stock_evr(one)) for one in plugin.early([*installed, *services], [*rest])}


def test_an_erratum_without_a_fork_is_hidden_and_nothing_else(plugin):
    assert hidden(plugin, [fork(FIRST)], *offered(FIRST, SECOND)) == {
        (name, SECOND) for name in ('python-nova', 'openstack-nova-api', 'openstack-nova')}


def test_an_erratum_with_its_fork_is_seen_a_later_one_is_not(plugin):
    assert {evr for _, evr in hidden(plugin, [fork(FIRST)], *offered(FIRST, SECOND, THIRD), fork(SECOND))} == {THIRD}


def test_a_fork_that_is_there_before_the_vendors_packages_waits_too(plugin):
    assert hidden(plugin, [fork(FIRST)], *offered(FIRST), fork(FIRST), fork(SECOND)) == {
        ('python-nova-cascading', SECOND)}


def test_a_service_that_the_next_nova_drops_holds_nothing_back(plugin):
    cert, common = package('openstack-nova-cert', FIRST), package('openstack-nova-common', SECOND)
    on_offer = [*offered(FIRST, SECOND), common, fork(SECOND)]
    assert {evr for _, evr in hidden(plugin, [fork(FIRST), cert], *on_offer)} == {SECOND}
    common.obsoletes.append(('openstack-nova-cert', 'LT', ('0', '2014.2', None)))
    assert hidden(plugin, [fork(FIRST), cert], *on_offer) == set()
    assert {evr for _, evr in hidden(plugin, [fork(FIRST), cert], *on_offer, fork(THIRD))} == {THIRD}


def test_a_strangers_package_with_a_name_like_novas_holds_nothing_back(plugin):
    stranger = package('openstack-nova-anything', ('0', '1', '1'))
    later = package('openstack-nova-anything', ('1', '2', '1'))
    assert hidden(plugin, [fork(FIRST), stranger], *offered(FIRST, SECOND), fork(SECOND), later) == set()


def test_a_host_without_the_fork_is_left_alone(plugin):
    assert hidden(plugin, [], *offered(FIRST, SECOND), fork(FIRST)) == set()


def test_what_goes_wrong_in_it_stops_no_yum(plugin):
    said = []
    plugin.exclude_hook(types.SimpleNamespace(getRpmDB=lambda: None, error=lambda level, text: said.append(text)))
    assert len(said) == 1 and 'not held back' in said[0]


def test_it_is_asked_after_all_others_as_a_version_lock_may_hide_what_it_counts_on(plugin):
    """As yum/plugins.py of yum 3.4 keeps them: sorted by their names."""
    hooks = {'exclude': [(name, None) for name in ('list-data', 'nova_cascading', 'priorities', 'versionlock')]}
    plugin.config_hook(types.SimpleNamespace(_parent=types.SimpleNamespace(_pluginfuncs=hooks)))
    assert [name for name, _ in hooks['exclude']] == ['list-data', 'priorities', 'versionlock', 'nova_cascading']
    plugin.config_hook(types.SimpleNamespace())
