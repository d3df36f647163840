"""The commands that the package's scripts, its code and its pages tell a user of an apt host to type."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from builder.common.project import PROJECT

PLACES = ('debian/preinst.in', 'debian/postinst.in', 'debian/prerm.in', 'debian/apt-guard', 'debian/control.in',
          'debian/nova-cascading.8', 'debian/nova-cascading.pref.in', 'debian/nova-cascading.conf.sample',
          'src/nova/cascading/host/running.py', 'src/nova/cascading/host/restarting.py',
          'src/nova/cascading/host/services.py', 'src/nova/cascading/host/uninstall.py',
          'src/nova/cascading/host/uninstall_apt.py', 'src/nova/cascading/migration/report.py',
          'builder/package/deb/howto.py', 'builder/repository/page.py', 'builder/commands/withdraw.py',
          'docs/debian.md', 'docs/release-upgrades.md')
COMMAND = re.compile(
    r'(?<![\w/.@-])('
    r'apt-get (?:-\S+ )*(?:install|purge|remove|update|upgrade|full-upgrade|dist-upgrade|download|autoremove)\b|'
    r'apt-mark \w+|apt-cache (?:madison|policy)|dpkg (?:-i\b|--configure|--audit)|dpkg-deb --info|apt upgrade|'
    r'aptitude keep-all|'
    r'systemctl (?:re|try-re)?start|systemctl (?:stop|status)|journalctl |service \S+ restart|cp /|mv /|mariadb |'
    r"su nova|nova-status|nova-cascading (?:(?:db|mapping|services) [a-z]|uninstall|status)|\./build\.sh \./"
    r')([^`"\n;)&|<>,]*)')


def commands() -> set[tuple[str, str]]:
    """(place, command) of all of them, each once for a place."""
    return {(place, command) for place in PLACES for text in texts(PROJECT / place) for command in found(text)}


def found(text: str) -> Iterator[str]:
    for match in COMMAND.finditer(text):
        words = re.sub(r' {2,}.*|\s+#.*|\. .*|: .*', '', match[0])  # a command ends where its column or sentence does
        yield re.sub(r' -y\b', '', words).rstrip(" .:'\\")


def texts(path: Path) -> Iterator[str]:
    """What a person reads of a file: code of a page, strings of a program, messages of a script."""
    text = path.read_text().replace('\\-', '-')
    if path.suffix == '.md':
        blocks = re.findall(r'```sh\n(.*?)```', text, re.DOTALL)
        yield from blocks
        yield from re.findall(r'`([^`]+)`', re.sub(r'\s+', ' ', re.sub(r'```.*?```', '', text, flags=re.DOTALL)))
    elif path.suffix == '.py':
        tree = ast.parse(text)
        documented = {id(node.body[0].value) for node in ast.walk(tree) if hasattr(node, 'body')
                      and isinstance(node.body, list) and node.body and isinstance(node.body[0], ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
                yield node.value
    elif text.startswith('#!'):
        yield from (line for line in text.splitlines() if re.search(r'echo "|refuse "|^ +"|BY_HAND=', line))
    else:
        yield text
