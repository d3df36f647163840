"""The page at the top of the repository: what is here, how to install it, and the key; no script needed."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path
from time import gmtime, strftime
from urllib.parse import quote

from builder.package.standin import ASKED
from builder.repository import fleet, pypi, sums, targets
from builder.repository.keys import Key
from builder.repository.state import Entry, State, Suite

FILES = 'files.html'
TEMPLATE = Path(__file__).parent / 'templates/page.html'
KEYRING = '/usr/share/keyrings/nova-cascading-archive-keyring.gpg'
OLD_KEYRING = '/etc/apt/trusted.gpg.d/nova-cascading.gpg'
RPM_KEY = '/etc/pki/rpm-gpg/RPM-GPG-KEY-nova-cascading'
LIST = '/etc/apt/sources.list.d/nova-cascading.list'
KEYRING_PACKAGE = 'nova-cascading-archive-keyring'
SHOWN = 3
LIBRARIES = ('python3-nova-cascading', 'python-nova-cascading')

APT = '''curl -fsSo {keyring} {url}/nova-cascading.gpg
echo 'deb [signed-by={keyring}] {url} {suite} main' >{list}
chmod 644 {keyring} {list}
apt-get update
apt-get install nova-cascading-archive-keyring'''
OLD_APT = '''curl -fsSo {old_keyring} {url}/nova-cascading.gpg
echo 'deb {url} {suite} main' >{list}
chmod 644 {old_keyring} {list}
apt-get update
apt-get install nova-cascading-archive-keyring && ln -sf {keyring} {old_keyring}'''
# A file, whose fingerprint can be compared. Neither dnf nor yum checks a file's signature unless it is told to.
RPM = '''curl -fsSo {key} {url}/nova-cascading.asc
rpm --import {key}
{tool} --setopt=localpkg_gpgcheck=1 install {url}/{release}'''
WAY_BACK = '''<p>The database gets one column and an index; then the nova services that were running are restarted, the
conductor first, and nothing else. The way back: <code>nova-cascading uninstall</code> prints the commands,
<code>--yes</code> runs them. <strong>Never remove {library} alone</strong>: the services would go with it.</p>'''
# dpkg-query's pattern: those that the host has, of the packages beside the library.
WITH_COMPANIONS = "$(dpkg-query -W -f '${Status} ${Package}\\n' 'nova-*' | sed -n 's/^install ok installed //p')"


def text(state: State, keys: list[Key]) -> str:
    """
    :param keys: those that sign the repository.
    :returns: the whole page, the same for the same state.
    """
    names = sorted(state.suites)
    return TEMPLATE.read_text(encoding='utf-8').format(
        date=day(state.time), fleet=escape(fleet.install(state.url)), keys='\n'.join(key_line(key) for key in keys),
        which='\n'.join(which(name, state.suites[name]) for name in names),
        suites='\n'.join(section(state, name, state.suites[name]) for name in names))


def which(name: str, suite: Suite) -> str:
    """The line by which a host finds its suite: what its own package manager shows of the stock package."""
    stocks = list(dict.fromkeys((entry.stock, entry.guessed) for entry in newest_first(suite.packages) if entry.stock))
    shown = ', '.join(f'<code>{escape(stock)}</code>{" (a guess)" if guessed else ""}'
                      for stock, guessed in stocks[:SHOWN]) or 'see its packages'
    more = ', …' if len(stocks) > SHOWN else ''
    return f'<tr><td><a href="#{escape(name)}">{escape(name)}</a></td><td>{shown}{more}</td></tr>'


def listing(names: Iterable[str]) -> str:
    """Links to every file, for tools that copy what links lead to (wget -m); the same for the same files."""
    every = sorted({*names, FILES, sums.NAME, sums.SIGNATURE})
    links = '\n'.join(f'<a href="{escape(quote(name))}">{escape(name)}</a><br>' for name in every)
    return f'<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>All files</title>\n{links}\n'


def key_line(key: Key) -> str:
    shown = ' '.join(key.fingerprint[at:at + 4] for at in range(0, len(key.fingerprint), 4))
    until = f', valid until {day(key.expires)}' if key.expires else ''
    return f'<p><code class="fingerprint">{shown}</code><br>{escape(key.owner)}, made {day(key.created)}{until}</p>'


def section(state: State, name: str, suite: Suite) -> str:
    parts = [f'<h2 id="{escape(name)}">{escape(name)}</h2>']
    if name.endswith(targets.TESTING):
        parts.append('<p>Not released yet: for hosts that test.</p>')
    if any(entry.guessed for entry in suite.packages.values()):
        parts.append('<p class="care">Built without the stock package: the version that it stands in for is a guess. '
                     'Use it only where your host has exactly that version.</p>')
    parts += install(state, name, suite)
    parts.append('<h3>Packages</h3>\n<ul class="packages">')
    parts += [item(entry, '') for entry in newest_first(suite.packages)]
    parts += [item(entry, 'withdrawn') for entry in newest_first(suite.withdrawn)]
    return '\n'.join([*parts, '</ul>'])


def install(state: State, name: str, suite: Suite) -> list[str]:
    """What a host of this suite does, step by step; nothing where the library is not offered."""
    if suite.family == pypi.FAMILY:
        return pip_steps(state, name, suite)
    there = {entry.name: entry for entry in newest_first(suite.packages)[::-1] if entry.arch != 'source'}
    library = next((library for library in LIBRARIES if library in there), None)
    if library is None:
        return []
    stock = there[library].stock.partition(' ')[0] or library.removesuffix('-cascading')
    values = {'url': state.url, 'suite': name, 'library': library, 'stock': stock, 'list': LIST, 'keyring': KEYRING,
              'old_keyring': OLD_KEYRING}
    return [*(apt_steps if suite.family == 'deb' else rpm_steps)(name, there, values), WAY_BACK.format(**values)]


def apt_steps(name: str, there: dict[str, Entry], values: dict[str, str]) -> list[str]:
    target, library = targets.target_of(name), values['library']
    companions = sorted(there.keys() - {*LIBRARIES, KEYRING_PACKAGE})
    care = []
    if companions:
        care = [f'<p class="care">The service packages here ({escape(", ".join(companions))}) are newer than the '
                'stock ones: with this source in place, a <code>dist-upgrade</code> takes nova over without being '
                'asked. Add it on hosts that shall have it.</p>']
    elif target in targets.DPKG_BEFORE_1_17_11:
        care = ['<p class="care">This release’s dpkg does not see that the library stands in for another: '
                'where nova services are installed, apt would remove them. Ask the operator to publish the service '
                'packages too (<code>./build.sh … --companions DIR</code>).</p>']
    what = f'{library} {WITH_COMPANIONS}' if companions else library
    old = target in targets.APT_BEFORE_1_1
    return [see(ASKED['deb'].format(values['stock'])), *care,
            step('1. Take the key and the source (apt)', (OLD_APT if old else APT).format(**values)),
            step(f'2. Look: {values["stock"]} is removed, and nothing else', f'apt-get -s install {what}'),
            step('3. Install; apt asks nova’s database first', f'apt-get install {what}')]


def rpm_steps(name: str, there: dict[str, Entry], values: dict[str, str]) -> list[str]:
    tool = 'yum' if targets.target_of(name) in targets.YUM3 else 'dnf'
    enable = targets.enabling(name)
    what = f'{tool}{enable} install {values["library"]}'
    release = quote(there['nova-cascading-release'].path)
    later = f'<p>This source is off by itself: <code>{tool}{enable} update {values["library"]}</code> brings newer ' \
            'versions.</p>' if enable else ''
    return [see(ASKED['rpm'].format(values['stock'])),
            step(f'1. Take the key and the source ({tool})',
                 RPM.format(tool=tool, release=release, key=RPM_KEY, **values)),
            step('2. Look: can nova’s database be changed?', 'nova-cascading-preflight'),
            step(f'3. Install; {tool} shows that {values["stock"]} is replaced', f'nova-cascading-preflight && {what}'),
            *([later] if later else [])]


def pip_steps(state: State, name: str, suite: Suite) -> list[str]:
    wheels = pypi.newest(suite)
    if not wheels:
        return []
    pinned = '\n'.join(f'nova=={version} --hash=sha256:{entry.files[entry.path]}' for version, entry in wheels.items())
    return ['<p>For virtualenvs and container images. Yours is the version that <code>pip show nova</code> shows; what '
            'nova needs stays as it is.</p>',
            step('1. Take the line of your version into nova-cascading.txt', pinned),
            step('2. Install; pip takes nothing but the file with that hash',
                 pypi.command(state, name, '--require-hashes -r nova-cascading.txt')),
            step('3. Add the column; then restart the services, or replace the containers, nova-conductor first',
                 'nova-manage db sync'),
            '<p>The way back: <code>nova-cascading uninstall</code> prints the commands. The database stays as it '
            'is.</p>']


def see(command: str) -> str:
    return f'<p>Yours is the stock version that <code>{escape(command)}</code> shows; a package below must stand in ' \
           'for exactly that one.</p>'


def step(title: str, commands: str) -> str:
    return f'<h3>{escape(title)}</h3>\n<pre>{escape(commands)}</pre>'


def newest_first(entries: dict[str, Entry]) -> list[Entry]:
    return sorted(entries.values(), key=lambda entry: (-entry.date, entry.name, entry.version, entry.arch))


def item(entry: Entry, kind: str) -> str:
    # Servers like S3 take a raw + in an address for a space.
    link = f'<a href="{escape(quote(entry.path))}">{escape(Path(entry.path).name)}</a>'
    note = 'withdrawn, ' if kind else ''
    guess = ' (a guess)' if entry.guessed else ''
    stock = f'<br>stands in for {escape(entry.stock)}{guess}' if entry.stock else ''
    return (f'<li><span class="{kind}">{link}</span> {escape(entry.version)}{stock}<br>{note}published '
            f'{day(entry.date)}<code class="hash">sha256 {entry.files[entry.path]}</code></li>')


def day(seconds: int) -> str:
    return strftime('%Y-%m-%d', gmtime(seconds))
