"""Suites keep their names under their hosts, and no guess of a stock version stands beside what is known."""

import html
import json
import re
from pathlib import Path

import pytest

from builder.commands import withdraw
from builder.repository import keys, naming, page, targets
from builder.repository.state import Entry, State, Suite
from builder.source import series
from builder.source.series import Series
from tests import repositories
from tests.repositories import Publisher

KNOWN = 'Provides: python3-nova (= {0})\n'
GUESS = 'Provides: python3-nova (= {0}), nova-cascading-assumed-stock\n'
BOOKWORM, UPSTREAM = '2:26.2.2-1~deb12u5', '2:26.3.0-1'


@pytest.fixture
def repo(tmp_path, home):
    return Publisher(tmp_path / 'repo', home)


def fork(folder, stock, fields=KNOWN, revision=1):
    return repositories.any_deb(folder, 'python3-nova-cascading', f'{stock}+cascading{revision}',
                                fields=fields.format(stock))


def offered(repo, suite):
    return re.findall('^Version: (2:.*)$', repo.offered(suite), re.M)


def test_a_guess_never_outranks_a_fork_of_real_stock(repo, tmp_path):
    """README's own commands: ./build.sh, ./build.sh zed, ./build.sh publish."""
    fork(tmp_path / 'in', BOOKWORM)
    fork(tmp_path / 'in', UPSTREAM, GUESS)
    said = repo('publish', tmp_path / 'in').stdout
    assert offered(repo, 'zed-bookworm') == [f'{BOOKWORM}+cascading1']
    assert offered(repo, 'zed-bookworm-guessed') == [f'{UPSTREAM}+cascading1']
    assert f'is a guess: python3-nova {UPSTREAM}' in said and '--stock-version' in said
    entries = json.loads((repo.root / 'state.json').read_text())['suites']
    stocks = {entry['stock']: entry['guessed'] for suite in entries.values() for entry in suite['packages'].values()
              if entry['stock']}
    assert stocks == {f'python3-nova {BOOKWORM}': False, f'python3-nova {UPSTREAM}': True}
    repo('verify')


@pytest.mark.parametrize('guess_first', [True, False])
def test_both_in_one_suite_are_refused_though_it_is_named(repo, tmp_path, guess_first):
    known, guess = fork(tmp_path / 'known', BOOKWORM), fork(tmp_path / 'guess', UPSTREAM, GUESS)
    first, second = (guess, known) if guess_first else (known, guess)
    repo('publish', '--suite', 'zed-site', first)
    done = repo('publish', '--suite', 'zed-site', second, check=False)
    assert done.returncode == 1
    assert 'the stock version of the first' in done.stdout
    repo('verify')


def test_promotion_does_not_bring_them_together_either(repo, tmp_path):
    repo('publish', '--suite', 'zed-site', fork(tmp_path / 'known', BOOKWORM))
    repo('publish', '--suite', 'zed-site', '--channel', 'testing', fork(tmp_path / 'guess', UPSTREAM, GUESS))
    done = repo('promote', check=False)
    assert done.returncode == 1 and 'is a guess' in done.stdout
    assert UPSTREAM not in repo.offered('zed-site')


def change(root):
    return type('Change', (), {'state': root, 'said': []})()


def learn(monkeypatch, new):
    known = (*(one for one in series.table() if one.name != new.name), new)
    monkeypatch.setattr(series, 'table', lambda: known)


def test_a_series_without_a_name_keeps_the_one_it_had(monkeypatch):
    """nova 99 of sid goes to nova99-sid; once the tables learn its name, revision 2 must not go elsewhere."""
    this = change(State())
    assert naming.suite(this, targets.of_deb('2:99.0.0-1+cascading1')) == 'nova99-sid'
    assert 'nova99-sid' in this.said[0]
    learn(monkeypatch, Series('zucchini', '99', '', '', '', 'forky'))
    assert targets.of_deb('2:99.0.0-1+cascading2').name == 'zucchini-forky'
    assert naming.suite(this, targets.of_deb('2:99.0.0-1+cascading2')) == 'nova99-sid'
    assert naming.suite(this, targets.of_deb('2:99.0.0-1+deb14u1+cascading1')) == 'zucchini-forky', 'another target'


def test_names_of_an_older_state_stay_too(monkeypatch):
    entry = Entry('python3-nova-cascading', '2:33.0.2-1+cascading1', 'all', {'pool/a.deb': ''}, 0, '')
    state = State(suites={'gazpacho-sid': Suite('deb', 0, {'pool/a.deb': entry})})
    naming.learn(state, Path('/dev/null'))
    learn(monkeypatch, series.called('gazpacho')._replace(debian='forky'))
    assert naming.suite(change(state), targets.of_deb('2:33.0.2-1+cascading2')) == 'gazpacho-sid'


def test_a_suite_that_was_named_by_hand_names_no_others():
    entry = Entry('python3-nova-cascading', f'{BOOKWORM}+cascading1', 'all', {'pool/a.deb': ''}, 0, '')
    state = State(suites={'zed-site': Suite('deb', 0, {'pool/a.deb': entry})})
    naming.learn(state, Path('/dev/null'))
    assert naming.suite(change(state), targets.of_deb(f'{BOOKWORM}+cascading2')) == 'zed-bookworm'


def suite_of(family, **packages):
    entries = {f'pool/{name}_{number}': Entry(name.replace('_', '-'), version, 'all' if family == 'deb' else 'noarch',
                                              {f'pool/{name}_{number}': '0' * 64}, 0, '',
                                              'python3-nova 1:2-3' if 'cascading' in name else '')
               for name, versions in packages.items() for number, version in enumerate(versions)}
    return Suite(family, 0, entries)


@pytest.mark.parametrize(('name', 'family', 'says', 'never'), [
    ('icehouse-trusty', 'deb', 'apt-get install python-nova-cascading=1', '--allow-downgrades'),
    ('zed-bookworm', 'deb', 'apt-get install --allow-downgrades python-nova-cascading=1', '--force-yes'),
    ('icehouse-el6', 'rpm', 'yum --enablerepo=nova-cascading downgrade python-nova-cascading-1', 'dnf'),
    ('icehouse-el7-testing', 'rpm', 'yum --enablerepo=nova-cascading-testing downgrade', 'dnf'),
    ('zed-el9', 'rpm', 'dnf --refresh downgrade python-nova-cascading-1', 'yum'),
    ('zed-el9-testing', 'rpm', 'dnf --enablerepo=nova-cascading-testing --refresh downgrade', 'yum'),
])
def test_withdraw_prints_what_works_for_the_clients_of_the_suite(name, family, says, never):
    left = State(suites={name: suite_of(family, python_nova_cascading=['1'])})
    said = withdraw.advice(name, left, list(suite_of(family, python_nova_cascading=['2']).packages.values()))
    assert says in said and never not in said


def test_withdraw_asks_for_no_package_that_the_host_has_not():
    names = {name: ['1'] for name in ('python_nova_cascading', 'nova_common', 'nova_api')}
    gone = suite_of('deb', **{**{name: ['2'] for name in names}, 'nova_new': ['2']})
    left = State(suites={'icehouse-trusty': suite_of('deb', **names)})
    said = withdraw.advice('icehouse-trusty', left, list(gone.packages.values()))
    assert 'nova-common=1' not in said and '$3 == "installed" && $4 == "2"' in said
    assert 'there is no 1 of nova-new' in said


def forks(*stocks):
    """A suite with a revision 1 for each stock version."""
    return Suite('deb', 0, {f'pool/{stock}': Entry('python3-nova-cascading', f'{stock}+cascading1', 'all', {
        f'pool/{stock}': ''}, 0, '', f'python3-nova {stock}') for stock in stocks})


def test_withdraw_never_leads_to_a_fork_of_another_stock_version():
    """Its host's services depend on their own one, and would be removed."""
    gone = list(forks('2:26.2.2-1~deb12u4').packages.values())
    others = State(suites={'zed-bookworm': forks('2:26.2.2-1~deb12u3', '2:26.2.2-1~deb12u5')})
    said = withdraw.advice('zed-bookworm', others, gone)
    assert 'stands in for python3-nova 2:26.2.2-1~deb12u4 is left' in said
    assert 'nova-cascading uninstall' in said and 'apt-get' not in said


def test_withdraw_leads_forwards_where_only_a_later_one_is_left():
    said = withdraw.advice('zed-el9', State(suites={'zed-el9': suite_of('rpm', python3_nova_cascading=['2-1'])}),
                           list(suite_of('rpm', python3_nova_cascading=['1-1']).packages.values()))
    assert 'dnf --refresh update python3-nova-cascading-2-1' in said


KEYS = [keys.Key('owner', (keys.Part('A' * 40, 1, 4096, 0, 0, 'u', True),))]


def shown(name, suite):
    state = State('http://mirror.example.org/nc', [], 0, 180, {name: suite})
    return html.unescape(page.text(state, KEYS))


def test_the_page_says_which_stock_each_package_stands_in_for():
    text = shown('zed-bookworm', suite_of('deb', python3_nova_cascading=['1+cascading1']))
    assert text.count('python3-nova 1:2-3') == 2, 'in the table of suites and beside the package'
    assert 'dpkg-query -W python3-nova' in text
    assert 'chmod 644 /usr/share/keyrings/nova-cascading-archive-keyring.gpg' in text
    assert 'apt-get -s install python3-nova-cascading' in text
    assert 'nova-cascading uninstall' in text and 'A' * 4 + ' ' + 'A' * 4 in text


def test_the_page_warns_where_services_would_be_lost_or_taken_over():
    library = {'python_nova_cascading': ['1']}
    assert 'apt would remove them' in shown('icehouse-trusty', suite_of('deb', **library))
    text = shown('icehouse-trusty', suite_of('deb', **library, nova_common=['1']))
    assert 'dist-upgrade' in text and "'nova-*'" in text and 'apt would remove them' not in text
    assert 'is a guess' not in text
    guess = suite_of('deb', **library)
    next(iter(guess.packages.values())).guessed = True
    assert 'is a guess' in shown('icehouse-trusty-guessed', guess)


@pytest.mark.parametrize(('name', 'command'), [
    ('icehouse-el7', 'yum --enablerepo=nova-cascading install python-nova-cascading'),
    ('icehouse-el6-testing', 'yum --enablerepo=nova-cascading-testing install python-nova-cascading'),
    ('zed-el9', 'dnf install python-nova-cascading'),
])
def test_the_page_asks_the_database_before_dnf_and_yum(name, command):
    text = shown(name, suite_of('rpm', python_nova_cascading=['1'], nova_cascading_release=['1']))
    assert f'nova-cascading-preflight && {command}' in text
    assert ('is off by itself' in text) == ('yum' in command)
    assert r"rpm -q --qf '%{evr}\n' python3-nova" in text, 'plain rpm -q shows no epoch'


def test_links_of_the_page_have_no_plus_that_a_server_takes_for_a_space():
    text = page.item(Entry('a', '1+2', 'all', {'pool/a_1+2~x.deb': '0'}, 0, ''), '')
    assert 'href="pool/a_1%2B2~x.deb"' in text


def test_a_state_of_the_version_before_learns_what_its_packages_stand_in_for(repo, tmp_path):
    deb = fork(tmp_path / 'in', BOOKWORM)
    entry = Entry('python3-nova-cascading', f'{BOOKWORM}+cascading1', 'all', {deb.name: ''}, 0, '')
    state = State(suites={'zed-bookworm': Suite('deb', 0, {deb.name: entry})})
    naming.learn(state, deb.parent)
    assert (entry.stock, entry.guessed) == (f'python3-nova {BOOKWORM}', False)
