"""Whoever reads while others publish, or are killed while they do, meets the old repository or the new one, whole."""

import contextlib
import hashlib
import http.server
import json
import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import repositories
from tests.hosts.lib.clients import TRUSTY, YUM
from tests.repositories import EL7, UBUNTU, Publisher

PUBLISHES = 50
FETCHES = 900
UPDATES = 100
KILLS = 20


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture
def repo(tmp_path):
    with repositories.signer() as home:
        publisher = Publisher(tmp_path / 'repo', home)
        repositories.deb(tmp_path / 'first', 1)
        repositories.rpms(tmp_path / 'first', 1)
        repositories.rpms(tmp_path / 'first', 2)
        yield publisher


@pytest.fixture
def url(repo, tmp_path):
    """Serves the repository over HTTP on loopback, as any static web server would."""
    server = http.server.ThreadingHTTPServer(
        ('127.0.0.1', 0), lambda *words: Quiet(*words, directory=str(repo.root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f'http://127.0.0.1:{server.server_port}'
    repo('publish', tmp_path / 'first', '--url', address)
    yield address
    server.shutdown()


def get(address):
    with urllib.request.urlopen(address, timeout=30) as answer:
        return answer.read()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def read_apt(url):
    """As apt does: InRelease, then the index that it names by its hash, then a package that the index names."""
    inrelease = get(f'{url}/dists/{TRUSTY}/InRelease').decode()
    digest = re.search(r'^ (\w+) +\d+ main/binary-amd64/Packages.gz$', inrelease, re.M)[1]
    index = get(f'{url}/dists/{TRUSTY}/main/binary-amd64/by-hash/SHA256/{digest}')
    assert sha256(index) == digest


def read_yum(url):
    """As dnf does: the mirrorlist, repomd.xml there, its signature, then all that it names."""
    base = get(f'{url}/yum/{YUM}/mirrorlist').decode().splitlines()[0]
    repomd = get(f'{base}repodata/repomd.xml').decode()
    signature = get(f'{base}repodata/repomd.xml.asc')
    for name in re.findall(r'href="repodata/([^"]+)"', repomd):
        assert sha256(get(f'{base}repodata/{name}')) == name.split('-')[0]
    return repomd.encode(), signature


def torn_by_plain_address(url, sizes):
    """Whether repomd.xml and its signature, fetched without the mirrorlist, are of two publishes."""
    before = get(f'{url}/yum/{YUM}/repodata/repomd.xml')
    signature = get(f'{url}/yum/{YUM}/repodata/repomd.xml.asc')
    return sizes.setdefault(signature, before) != before


def publishing(repo, debs):
    """PUBLISHES changes, every second one of them to the yum side as well."""
    for number, deb in enumerate(debs):
        if number % 2:
            undo = ['--undo'] if number % 4 == 3 else []
            repo('withdraw', *undo, f'2014.1.5-{EL7.format(2)}')
        else:
            repo('publish', deb)


def apt_get(folder, url, repo):
    """An apt-get with state and configuration of its own."""
    (folder / 'lists/partial').mkdir(parents=True, exist_ok=True)
    (folder / 'cache').mkdir(exist_ok=True)
    (folder / 'none').mkdir(exist_ok=True)
    key = shutil.copy(repo.root / 'nova-cascading.gpg', folder / 'key.gpg')
    (folder / 'sources.list').write_text(f'deb [signed-by={key}] {url} {TRUSTY} main\n')
    (folder / 'status').touch()
    options = {'Dir::Etc::sourcelist': folder / 'sources.list', 'Dir::Etc::sourceparts': folder / 'none',
               'Dir::State::lists': folder / 'lists', 'Dir::State::status': folder / 'status',
               'Dir::Cache': folder / 'cache',
               'APT::Architecture': 'amd64', 'APT::Architectures': 'amd64', 'APT::Sandbox::User': 'root',
               'APT::Update::Error-Mode': 'any', 'Acquire::Check-Valid-Until': 'true', 'Acquire::Languages': 'none'}
    return ['apt-get', '-q', 'update', *(word for name, value in options.items() for word in ('-o', f'{name}={value}'))]


def test_a_thousand_reads_during_fifty_publishes_see_no_error_and_nothing_mixed(repo, url, tmp_path):
    debs = [repositories.deb(tmp_path / 'more', number) for number in range(10, 10 + PUBLISHES)]
    pairs, torn, sizes = set(), 0, {}
    apt = apt_get(tmp_path, url, repo)
    going = ThreadPoolExecutor(1).submit(publishing, repo, debs)
    done = fetched = 0
    while not going.done() or fetched < FETCHES or done < UPDATES:
        if done < UPDATES and fetched >= done * FETCHES // UPDATES:
            ran = subprocess.run(apt, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            assert ran.returncode == 0, ran.stdout
            done += 1
        read_apt(url)
        pairs.add(read_yum(url))
        torn += torn_by_plain_address(url, sizes)
        fetched += 1
        if fetched > FETCHES:
            time.sleep(0.05)
    going.result()  # raises what a publish has raised
    print(f'{fetched} metadata reads, {done} apt-get updates, {len(pairs)} states of yum seen; '
          f'{torn} torn pairs by the plain address')
    assert len(pairs) > 1, 'the reader saw the repository change'
    for repomd, signature in pairs:
        assert signed(repo, repomd, signature, tmp_path)
    repo('verify')


def signed(repo, data, signature, folder):
    (folder / 'data').write_bytes(data)
    (folder / 'data.asc').write_bytes(signature)
    words = ['gpgv', '--keyring', repo.root / 'nova-cascading.gpg', folder / 'data.asc', folder / 'data']
    return subprocess.run(words, capture_output=True).returncode == 0


def test_a_publisher_killed_at_any_moment_leaves_a_repository_that_verifies(repo, tmp_path):
    """SIGKILL to the publisher and all its children, spread over the time that a publish takes."""
    repo('publish', tmp_path / 'first')
    start = time.monotonic()
    repo('publish', repositories.deb(tmp_path / 'more', 10))
    length = time.monotonic() - start
    chance, killed = random.Random(6), 0
    for number in range(KILLS):
        deb = repositories.deb(tmp_path / 'more', 11 + number)
        before = repo.offered(TRUSTY)
        process = subprocess.Popen(repo.command('publish', deb), env=repo.environment(), start_new_session=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(length * (number + chance.random()) / KILLS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        repo('verify')
        new = f'Version: {UBUNTU.format(11 + number)}\n'
        assert repo.offered(TRUSTY) == before or new in repo.offered(TRUSTY)
    print(f'{killed} of {KILLS} were killed before they had ended')
    assert killed > KILLS // 3
    repo('publish', *(tmp_path / 'more').iterdir())
    state = json.loads((repo.root / 'state.json').read_text())
    assert len(state['suites'][TRUSTY]['packages']) == KILLS + 3, 'the next publisher goes on where others were killed'
    repo('verify')
