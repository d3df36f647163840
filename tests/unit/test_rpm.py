"""What the rpm says of itself: a version between the vendor's, the stock package's requirements, old formats."""

import subprocess

import pytest

from builder.common.errors import BuildError, UsageError
from builder.common.model import Stock, Tree
from builder.package import standin
from builder.package.rpm import evr, howto, requires, values
from builder.source import packaged


def tree(version, stock=None):
    return Tree(path=None, version=version, origin='a test', stock=stock)


def in_order(versions):
    """rpm's own comparison of each full version with the next: -1, 0 or 1."""
    code = ('import rpm, sys; split = lambda t: (t.split(":")[0], *t.split(":")[1].rsplit("-", 1));'
            'v = [split(t) for t in sys.argv[1:]]; print([rpm.labelCompare(*pair) for pair in zip(v, v[1:])])')
    done = subprocess.run(['/usr/bin/python3', '-c', code, *versions], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(('text', 'parts'), [
    ('1:26.3.0-1.el9', (1, '26.3.0', '1.el9')),
    ('2014.1.5-3.el7', (None, '2014.1.5', '3.el7')),
    ('(none):2014.1.5-3.el7', (None, '2014.1.5', '3.el7')),
])
def test_a_full_version_has_three_parts(text, parts):
    assert evr.parse(text) == parts


def test_a_version_without_a_release_is_refused_with_the_way_to_name_one():
    with pytest.raises(BuildError, match='26.3.0 is not the full version') as error:
        evr.parse('26.3.0')
    assert '--stock-version' in error.value.hint


def test_the_forks_versions_lie_between_the_vendors():
    versions = ['1:26.3.0-1.el9', '1:26.3.0-1.el9.cascading1', '1:26.3.0-1.el9.cascading2',
                '1:26.3.0-1.el9.cascading10', '1:26.3.0-2.el9', '1:26.3.0-2.el9.cascading1', '1:26.3.1-1.el9']
    assert in_order(versions) == str([-1] * (len(versions) - 1))


def test_python_2_requirements_bear_the_names_of_el():
    wanted = requires.python2(['SQLAlchemy>=0.7.8,!=0.9.5', 'PasteDeploy>=1.5.0', 'argparse', 'oslo.messaging>=1.3.0'])
    assert wanted == ['MySQL-python', 'openssl', 'python-oslo-messaging', 'python-paste-deploy', 'python-sqlalchemy',
                      'sudo']


def test_a_requirement_without_an_el_name_stops_the_build():
    with pytest.raises(BuildError, match='brandnew') as error:
        requires.python2(['brandnew>=1'])
    assert 'python2-names' in error.value.hint


def test_a_stock_rpms_requires_are_taken_as_they_stand():
    stock = Stock('python3-nova', '1:26.3.0-1.el9', 'rpm', {
        'Requires': 'python3-lxml  >=  4.5\n(a with b)\npython(abi)  =  3.9\nrpmlib(FileDigests)  <=  4.6.0-1\nsudo  '})
    assert requires.of(tree('26.3.0', stock), stock) == ['python3-lxml >= 4.5', '(a with b)', 'sudo']


def test_a_debs_depends_become_python_distributions():
    depends = 'python3-oslo.config (>= 1:8.6.0), python3-yaml, openssl, python3-memcache, python3:any'
    assert list(requires.from_deb(depends)) == [
        'python%{nova_python}dist(oslo.config) >= 8.6.0', 'python%{nova_python}dist(pyyaml)',
        'python%{nova_python}dist(python-memcached)']


def test_the_spec_learns_the_stock_packages_python_and_other_names():
    stock = Stock('python3-nova', '1:26.3.0-1.el9', 'rpm', {
        'Requires': 'python(abi)  =  3.9',
        'Provides': 'python3-nova  =  1:26.3.0-1.el9\npython-nova  =  1:26.3.0-1.el9\npython3.9dist(nova)  =  26.3'})
    text = values.of(tree('26.3.0', stock), ['one.patch', 'two.patch'], ['sudo'], revision=3, epoch=0)
    for line in ('%global nova_python 3.9', '%global nova_epoch 1', '%global stock_release 1.el9',
                 '%global cascading_revision 3', '%global cascading_date Thu Jan 01 1970',
                 'Patch1: one.patch \\', 'Requires: sudo \\', 'Provides: python-nova = 1:26.3.0-1.el9 \\',
                 '%define cascading_patch_paths %{PATCH1} %{PATCH2}'):
        assert line in text.splitlines()
    assert 'dist(nova)' not in text


@pytest.mark.parametrize(('nova', 'version', 'name', 'python'), [
    ('2014.1.5', '2014.1.3-15.el6', 'python-nova', '2.6'),
    ('2014.1.5', '2014.1.5-16.el6ost', 'python-nova', '2.6'),
    ('2015.1.4', '2015.1.4-1.el7', 'python-nova', '2.7'),
    ('18.3.0', '1:18.3.0-1.el7', 'python-nova', '2.7'),
    ('20.6.1', '1:20.6.1-1.el7', 'python2-nova', '2.7'),
    ('20.6.1', '1:20.6.1-1.el8', 'python3-nova', '3.6'),
    ('26.3.0', '1:26.3.0-1.el9', 'python3-nova', '3.9'),
    ('26.3.0', '1:26.3.0-1', 'python3-nova', None),
])
def test_the_dist_tag_of_the_stock_version_says_name_and_python(nova, version, name, python):
    made = standin.override(tree(nova), version, 'rpm')
    assert (made.stock.name, values.python_of(made.stock)) == (name, python)
    assert made.python == (3 if name.startswith('python3') else 2)


@pytest.mark.parametrize(('nova', 'version'), [('2014.1.5', '2014.1.5-1.el9'), ('26.3.0', '1:26.3.0-1.el7')])
def test_a_release_whose_python_this_nova_does_not_run_on_is_refused(nova, version):
    with pytest.raises(UsageError, match='does not run') as error:
        standin.override(tree(nova), version, 'rpm')
    assert 'rpm -q' in error.value.hint


def header(monkeypatch, name, requires=()):
    answers = {'%{NAME}': [name], '[%{REQUIRENAME} %{REQUIREVERSION}\n]': list(requires)}
    monkeypatch.setattr(howto.readable, 'query', lambda package, fields: answers[fields])


@pytest.mark.parametrize(('name', 'tool'), [('python-nova-cascading', 'yum localinstall'),
                                            ('python3-nova-cascading', 'dnf install')])
def test_python_2_packages_are_installed_with_yum_and_python_3_packages_with_dnf(monkeypatch, tmp_path, name, tool):
    header(monkeypatch, name, ['python(abi) 2.7', 'python-sqlalchemy '])
    assert howto.install([tmp_path / 'x.rpm']) == [f'{tmp_path}/nova-cascading-preflight && {tool} {tmp_path}/x.rpm']


def test_upstreams_nova_is_not_passed_off_as_one_for_el6(monkeypatch, tmp_path):
    header(monkeypatch, 'python-nova-cascading', ['python(abi) 2.6', 'python-sqlalchemy '])
    assert 'does not run on EL6' in howto.install([tmp_path / 'x.noarch.rpm'])[0]


@pytest.mark.parametrize(('spec', 'version', 'name'), [
    ('%package -n python-nova', '2014.1.5-1.el6', 'python-nova'),
    ('%global pyver %{python3_pkgversion}\n%package -n python%{pyver}-nova', '1:20.6.1-1.el7', 'python2-nova'),
    ('%global pyver %{python3_pkgversion}\n%package -n python%{pyver}-nova', '1:20.6.1-1.el8', 'python3-nova'),
    ('%package -n python3-nova', '1:26.3.0-1.el9', 'python3-nova'),
])
def test_a_source_rpm_makes_the_library_of_its_release(spec, version, name):
    assert packaged.library(spec, version) == name
