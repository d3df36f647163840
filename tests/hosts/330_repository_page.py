"""index.html in a real browser: readable on a phone, without a script, and true."""

import functools
import http.server
import re
import shutil
import subprocess
import threading
from urllib.parse import unquote

import pytest

from tests import repositories
from tests.repositories import UBUNTU, Publisher

PHONE = 360
BROWSER = ['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
           '--disable-sync', '--disable-background-networking', '--disable-component-update',
           '--virtual-time-budget=4000']
# Measures the page in a frame as wide as a phone, and says so in its own title.
PROBE = '''<!DOCTYPE html><title>waiting</title><iframe id="f" width="{0}" height="640" src="index.html"></iframe>
<script>
addEventListener('load', () => {{ const page = document.getElementById('f').contentDocument;
  const small = [...page.querySelectorAll('p, pre, li, a, code')].map(e => parseFloat(getComputedStyle(e).fontSize));
  document.title = page.documentElement.scrollWidth + ' ' + Math.min(...small) + ' ' + page.scripts.length; }});
</script>'''


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture(scope='module')
def repo(tmp_path_factory):
    if shutil.which('chromium') is None:
        pytest.skip('SKIPPED: needs a browser: apt-get install chromium')
    top = tmp_path_factory.mktemp('page')
    with repositories.signer() as home:
        publisher = Publisher(top / 'repo', home)
        repositories.deb(top / 'in', 1)
        repositories.rpms(top / 'in', 1)
        publisher('publish', top / 'in', '--url', 'https://packages.example.org/nova-cascading')
        yield publisher


@pytest.fixture(scope='module')
def url(repo, tmp_path_factory):
    folder = tmp_path_factory.mktemp('served')
    shutil.copy(repo.root / 'index.html', folder)
    (folder / 'probe.html').write_text(PROBE.format(PHONE))
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()


def dom(address, folder):
    done = subprocess.run([*BROWSER, f'--user-data-dir={folder}', '--dump-dom', address], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_fits_a_phone_and_needs_no_script(url, tmp_path):
    title = re.search('<title>(.*?)</title>', dom(f'{url}/probe.html', tmp_path))[1]
    width, smallest, scripts = title.split()
    assert int(width) <= PHONE, 'nothing sticks out to the right'
    assert float(smallest) >= 13, 'pixels: readable without zooming'
    assert scripts == '0'


def test_what_it_shows_is_what_the_repository_holds(repo, url, tmp_path):
    page = dom(f'{url}/index.html', tmp_path)
    deb = next(repo.root.glob('pool/**/*cascading1_all.deb'))
    packages = repo.offered('icehouse-trusty')
    assert re.search('^SHA256: (.*)$', packages.split(deb.name)[1], re.M)[1] in page
    assert UBUNTU.format(1) in page
    assert page.count('<pre>') == 7, 'three steps for each family, and the collection for fleets'
    links = re.findall(r'href="([^"#][^"]*)"', page)
    assert links and all((repo.root / unquote(link)).is_file() for link in links)
    assert not [link for link in links if '+' in link], 'servers like S3 take it for a space'


def test_the_fingerprint_is_that_of_the_key(repo, url, tmp_path):
    shown = re.search('class="fingerprint">([^<]*)<', dom(f'{url}/index.html', tmp_path))[1].replace(' ', '')
    listed = subprocess.run(['gpg', '--show-keys', '--with-colons', repo.root / 'nova-cascading.asc'],
                            capture_output=True, text=True, check=True, env=repo.environment()).stdout
    assert shown in listed
