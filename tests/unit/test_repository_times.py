"""A repository's time only grows, is never far ahead of the clock, and comes back when a wrong clock has moved it."""

import json
import re
import subprocess
import time

import pytest

from builder.common.errors import BuildError
from builder.repository import times
from builder.repository.state import State, Suite
from tests import repositories
from tests.repositories import Publisher

DAY = 86400
NOW = int(time.time())
TRUSTY, YUM = 'icehouse-trusty', 'icehouse-el7'


def state(when, valid_days=180):
    return State(time=when, valid_days=valid_days, suites={TRUSTY: Suite('deb', when)})


@pytest.mark.parametrize('ahead', [0, 1])
def test_a_time_that_was_asked_for_is_over_before_anything_is_signed(tmp_path, monkeypatch, ahead):
    """gpg does not hold the present second when it is told to, and signs with the next one: other bytes."""
    asked = int(time.time()) + ahead
    monkeypatch.setenv('SOURCE_DATE_EPOCH', str(asked))
    assert times.moment(tmp_path, State(), [], reset=False) == asked
    assert time.time() >= asked + 1


def test_nobody_waits_for_a_time_that_was_not_asked_for(tmp_path, monkeypatch):
    monkeypatch.delenv('SOURCE_DATE_EPOCH', raising=False)
    monkeypatch.setattr(times.time, 'sleep', lambda seconds: pytest.fail('it waits'))
    times.moment(tmp_path, State(), [], reset=False)


def test_two_publishes_in_one_second_have_times_of_their_own(tmp_path):
    """yum 3 keeps what it has when the new metadata is not newer."""
    first = times.moment(tmp_path, State(), [], reset=False)
    assert times.moment(tmp_path, state(first), [], reset=False) == first + 1


@pytest.mark.parametrize('text', ['yesterday', '-1', '', '1.5', '٣', +2, -170],
                         ids=lambda given: f'{given} days' if isinstance(given, int) else None)
def test_a_source_date_epoch_that_clients_would_refuse_is_refused(tmp_path, monkeypatch, text):
    monkeypatch.setenv('SOURCE_DATE_EPOCH', str(NOW + text * DAY) if isinstance(text, int) else text)
    if text == '':
        assert times.moment(tmp_path, State(), [], reset=False) >= NOW
        return
    with pytest.raises(BuildError, match='unset SOURCE_DATE_EPOCH'):
        times.moment(tmp_path, State(), [], reset=False)


def test_a_short_validity_can_be_verified_too():
    assert times.problems(Suite('deb', NOW), 30, NOW) == []
    assert times.problems(Suite('deb', NOW), 30, NOW + 16 * DAY)


def publish_with_a_clock_ahead(repo, given, days):
    """Writes what a publisher with a wrong clock writes: its own code, its clock moved."""
    code = (f'import time; real = time.time; time.time = lambda: real() + {days * DAY}\n'
            'import sys; from builder.cli import main; sys.exit(main(sys.argv[1:]))')
    subprocess.run(['python3', '-c', code, *repo.command('publish', *given)[1:]], check=True, capture_output=True,
                   env=repo.environment(PYTHONPATH=str(repositories.PROJECT)), cwd=repositories.PROJECT)


def test_a_repository_of_the_future_is_recognised_and_brought_back(tmp_path, home):
    repo = Publisher(tmp_path / 'repo', home)
    given = [repositories.deb(tmp_path / 'in', 1), *repositories.rpms(tmp_path / 'in', 1)]
    publish_with_a_clock_ahead(repo, [*given, '--url', repositories.URL], 10)
    assert 'signed in the future' in repo('verify', check=False).stdout
    refused = repo('publish', repositories.deb(tmp_path / 'in', 2), check=False)
    assert refused.returncode == 1
    way = re.search(r'\./build\.sh (publish --refresh --reset-date)', refused.stdout)[1]
    repo(*way.split())
    repo('verify')
    assert json.loads((repo.root / 'state.json').read_text())['time'] <= time.time() + 5
    rpms = list(repo.root.glob('yum/*/packages/*.rpm'))
    assert rpms
    for rpm in rpms:
        shown = subprocess.run(['rpm', '-qp', '--nosignature', '--qf', '%{RSAHEADER:pgpsig}', rpm], check=True,
                               capture_output=True, text=True, env={'PATH': repositories.PATH, 'TZ': 'UTC'}).stdout
        assert time.strftime('%b %e', time.gmtime()) in shown, 'nobody could check a signature of the future'
    repo('publish', repositories.deb(tmp_path / 'in', 2), '--url', 'http://other.example.org/nc')
    repo('verify')


def test_the_keyring_package_of_a_repository_brought_back_is_newer_than_the_one_before(tmp_path, home):
    repo = Publisher(tmp_path / 'repo', home)
    publish_with_a_clock_ahead(repo, [repositories.deb(tmp_path / 'in', 1)], 10)
    before = keyring_versions(repo)
    repo('publish', '--refresh', '--reset-date', '--url', 'http://other.example.org/nc')
    added = keyring_versions(repo) - before
    assert len(added) == 1
    for old in before:
        subprocess.run(['dpkg', '--compare-versions', *added, 'gt', old], check=True)


def keyring_versions(repo):
    stanzas = repo.offered(TRUSTY).split('\n\n')
    return {re.search('^Version: (.*)$', text, re.M)[1] for text in stanzas if 'archive-keyring\n' in text}


def test_what_would_run_out_is_signed_again_with_any_publish(tmp_path, home, monkeypatch):
    """A suite to which nothing is published must not end unseen."""
    repo = Publisher(tmp_path / 'repo', home)
    repo('publish', repositories.deb(tmp_path / 'in', 1))
    repo('publish', repositories.any_deb(tmp_path / 'zed', 'python3-nova-cascading', '2:26.2.2-1~deb12u3+cascading1'))
    publish_with_a_clock_ahead(repo, [repositories.any_deb(
        tmp_path / 'zed', 'python3-nova-cascading', '2:26.2.2-1~deb12u3+cascading2')], 100)
    found = json.loads((repo.root / 'state.json').read_text())
    assert found['suites'][TRUSTY]['time'] == found['suites']['zed-bookworm']['time']


def test_yum_sees_a_newer_revision_after_each_publish(tmp_path, home):
    repo = Publisher(tmp_path / 'repo', home)
    revisions = []
    for number in (1, 2):
        repo('publish', *repositories.rpms(tmp_path / 'in', number))
        repomd = (repo.root / f'yum/{YUM}/repodata/repomd.xml').read_text()
        revisions.append((int(re.search('<revision>(.*)</revision>', repomd)[1]),
                          max(int(number) for number in re.findall('<timestamp>(.*)</timestamp>', repomd))))
    assert revisions[0][0] < revisions[1][0] and revisions[0][1] < revisions[1][1]
