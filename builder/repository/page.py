"""The page at the top of the repository: what is here, how to install it, and the key; no script needed."""

from __future__ import annotations

from html import escape
from pathlib import Path
from time import gmtime, strftime

from builder.repository import suites
from builder.repository.keys import Key
from builder.repository.state import Entry, State, Suite

TEMPLATE = Path(__file__).parent / 'templates/page.html'
KEYRING = '/usr/share/keyrings/nova-cascading-archive-keyring.gpg'
LIBRARIES = ('python3-nova-cascading', 'python-nova-cascading')

APT = '''curl -fsSo {keyring} {url}/nova-cascading.gpg
echo 'deb [signed-by={keyring}] {url} {suite} main' >/etc/apt/sources.list.d/nova-cascading.list
apt-get update
apt-get install nova-cascading-archive-keyring
apt-get install {library}'''
OLD_APT = '''curl -fsSo /etc/apt/trusted.gpg.d/nova-cascading.gpg {url}/nova-cascading.gpg
echo 'deb {url} {suite} main' >/etc/apt/sources.list.d/nova-cascading.list
apt-get update
apt-get install nova-cascading-archive-keyring
apt-get install {library}'''
RPM = '''rpm --import {url}/nova-cascading.asc
{tool} install {url}/{release}
nova-cascading-preflight && {tool}{enable} install {library}'''


def text(state: State, keys: list[Key]) -> str:
    """
    :param keys: those that sign the repository.
    :returns: the whole page, the same for the same state.
    """
    names = sorted(state.suites)
    return TEMPLATE.read_text().format(
        date=day(state.time), keys='\n'.join(key_line(key) for key in keys),
        links=' '.join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in names),
        suites='\n'.join(section(state, name, state.suites[name]) for name in names))


def key_line(key: Key) -> str:
    shown = ' '.join(key.fingerprint[at:at + 4] for at in range(0, len(key.fingerprint), 4))
    until = f', valid until {day(key.expires)}' if key.expires else ''
    return f'<p><code class="fingerprint">{shown}</code><br>{escape(key.owner)}, made {day(key.created)}{until}</p>'


def section(state: State, name: str, suite: Suite) -> str:
    parts = [f'<h2 id="{escape(name)}">{escape(name)}</h2>']
    if name.endswith(suites.TESTING):
        parts.append('<p>Not released yet: for hosts that test.</p>')
    parts.append(install(state, name, suite))
    parts.append('<h3>Packages</h3>\n<ul class="packages">')
    parts += [item(entry, '') for entry in newest_first(suite.packages)]
    parts += [item(entry, 'withdrawn') for entry in newest_first(suite.withdrawn)]
    return '\n'.join([*parts, '</ul>'])


def install(state: State, name: str, suite: Suite) -> str:
    """The commands that a host of this suite types; nothing where the library is not offered."""
    there = {entry.name: entry for entry in newest_first(suite.packages)[::-1]}
    library = next((library for library in LIBRARIES if library in there), None)
    if library is None:
        return ''
    values = {'url': state.url, 'suite': name, 'library': library, 'keyring': KEYRING}
    target = suites.stable_of(name).partition('-')[2]
    if suite.family == 'deb':
        tool, command = 'apt', (OLD_APT if target in suites.APT_BEFORE_1_1 else APT).format(**values)
    else:
        tool = 'yum' if target in suites.YUM3 else 'dnf'
        testing = suites.TESTING if name.endswith(suites.TESTING) else ''
        enable = f' --enablerepo=nova-cascading{testing}' if testing or tool == 'yum' else ''
        command = RPM.format(tool=tool, enable=enable, release=there['nova-cascading-release'].path, **values)
    return f'<h3>Install with {tool}</h3>\n<pre>{escape(command)}</pre>'


def newest_first(entries: dict[str, Entry]) -> list[Entry]:
    return sorted(entries.values(), key=lambda entry: (-entry.date, entry.name, entry.version, entry.arch))


def item(entry: Entry, kind: str) -> str:
    link = f'<a href="{escape(entry.path)}">{escape(Path(entry.path).name)}</a>'
    note = 'withdrawn, ' if kind else ''
    return (f'<li><span class="{kind}">{link}</span> {escape(entry.version)}<br>{note}published {day(entry.date)}'
            f'<code class="hash">sha256 {entry.files[entry.path]}</code></li>')


def day(seconds: int) -> str:
    return strftime('%Y-%m-%d', gmtime(seconds))
