"""A release that the table lacks is pinned by what upstream's tag and PyPI say, and nothing they disagree on."""

import hashlib
import subprocess

import pytest

from builder.commands import pin as command
from builder.common.errors import BuildError
from builder.source import inspect, pinning, series, upstream
from builder.source.releases import Pin


def tree(top, text=''):
    (top / 'nova' / 'objects').mkdir(parents=True)
    (top / 'nova' / '__init__.py').write_text(text)
    (top / 'nova' / 'objects' / 'instance.py').write_text('')
    return top


@pytest.fixture
def clone(tmp_path):
    """A git repository with one release of something that looks like nova."""
    top = tree(tmp_path / 'clone')
    git = ['git', '-C', top, '-c', 'user.name=a', '-c', 'user.email=a@example.org']
    for words in (['init', '-q'], ['add', '.'], ['commit', '-qm', 'x'], ['tag', '99.0.1']):
        subprocess.run([*git, *words], check=True)
    return top


@pytest.fixture
def pypi(monkeypatch):
    """What PyPI gives: a file, or that it has none."""
    def offer(archive):
        def answer(pin, work):
            if archive is None:
                raise BuildError(f'PyPI has no nova {pin.version}', '')
            return archive
        monkeypatch.setattr(upstream, 'from_pypi', answer)
    return offer


def archive(tmp_path, text):
    top = tree(tmp_path / 'nova-99.0.1', text)
    subprocess.run(['tar', '-czf', tmp_path / 'nova.tar.gz', '-C', tmp_path, top.name], check=True)
    return tmp_path / 'nova.tar.gz'


@pytest.fixture
def work(tmp_path):
    (tmp_path / 'work').mkdir()
    return tmp_path / 'work'


def test_both_are_compared(tmp_path, clone, pypi, work):
    offered = archive(tmp_path, '')
    pypi(offered)
    pin, trouble = pinning.found('99.0.1', str(clone), work)
    head = subprocess.run(['git', '-C', clone, 'rev-parse', 'HEAD'], capture_output=True, text=True).stdout.strip()
    tree_id, sha256 = inspect.tree_id(clone / 'nova').hex(), hashlib.sha256(offered.read_bytes()).hexdigest()
    assert pin == Pin('99.0.1', 'pypi', head, tree_id, sha256) and trouble == ''


def test_a_clone_may_be_named_from_where_one_is(clone, monkeypatch):
    monkeypatch.chdir(clone.parent)
    assert command.repository(clone.name) == str(clone)
    assert command.repository(upstream.UPSTREAM) == upstream.UPSTREAM


def test_what_differs_is_not_pinned(tmp_path, clone, pypi, work):
    pypi(archive(tmp_path, '# another\n'))
    with pytest.raises(BuildError, match='is not what its tag'):
        pinning.found('99.0.1', str(clone), work)


def test_one_of_the_two_is_enough_and_it_is_said(tmp_path, clone, pypi, work):
    pypi(None)
    pin, _ = pinning.found('99.0.1', str(clone), work)
    assert pin.site == 'git' and pin.commit
    pypi(archive(tmp_path, ''))
    (work / 'again').mkdir()
    pin, trouble = pinning.found('99.0.1', str(tmp_path / 'no such clone'), work / 'again')
    assert pin.site == 'pypi' and pin.commit == '' and 'no such clone' in trouble


def test_a_release_that_nobody_has_is_an_error(tmp_path, clone, pypi, work):
    pypi(None)
    with pytest.raises(BuildError, match='was found nowhere'):
        pinning.found('99.0.2', str(clone), work)


def test_lines_stand_in_the_order_of_releases(tmp_path):
    table = tmp_path / 'releases.tsv'
    table.write_text('# head\n2014.2\tgit\t-\t-\n9.10.0\tgit\t-\t-\n33.0.2\tpypi\t-\t-\n')
    assert pinning.write(Pin('9.9.0', 'git', 'c', 't'), table) == '9.9.0\tgit\tc\tt\t-'
    pinning.write(Pin('33.0.2', 'pypi', 'c2', 't2'), table)
    lines = table.read_text().splitlines()
    assert [line.split('\t')[0] for line in lines] == ['# head', '2014.2', '9.9.0', '9.10.0', '33.0.2']
    assert lines[-1] == '33.0.2\tpypi\tc2\tt2\t-'


def test_each_series_has_a_name_a_number_and_an_order():
    known = series.table()
    assert len({one.name for one in known}) == len({one.number for one in known}) == len(known)
    assert [series.of(f'2:{one.number}.0.0-1') for one in known] == list(known)
    assert all(series.called(one.cycle) == one for one in known if one.cycle)
