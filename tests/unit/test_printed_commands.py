"""Every command that a message, a description or a page of apt hosts names can be typed as it stands there.

What they do on a host in the state in which they are printed is seen in tests/hosts: 032, 040, 041 and 060.
"""

import re
import shlex

import pytest

from builder.common.project import PROJECT

PLACES = ('debian/*', 'docs/debian.md', 'docs/release-upgrades.md', 'docs/operations.md', 'docs/commands.md',
          'README.md', 'src/nova/cascading/**/*.py', 'builder/package/deb/*.py', 'builder/repository/templates/*')
# A command ends where its line, its quotes or its sentence does.
OWN = re.compile(r"(?<![\w/.@-])nova-cascading ((?:(?:db|mapping|services) [a-z-]+|uninstall|status)(?: --[a-z-]+)*)")
APT = re.compile(r'(apt-get (?:-s )?(?:install|purge|remove|dist-upgrade|upgrade)[^`"\'\n;)|&<]*)')
# Said so that nobody types it.
WARNED = re.compile(r'\*\*Do not\*\*|Never|put(s)? stock back|\.B purge|which would|there;|takes services along')


def texts():
    for place in PLACES:
        for path in sorted(PROJECT.glob(place)):
            if path.is_file():
                yield path, path.read_text(errors='replace').replace('\\-', '-')


def test_each_command_of_ours_is_understood_by_our_command_line(load, monkeypatch):
    cli = load('cli')
    found = {}
    for path, text in texts():
        for words in OWN.findall(text):
            found.setdefault(tuple(words.split()), path)
    assert len(found) > 10
    for words, path in found.items():
        assert understood(cli, words), (words, path)


def understood(cli, words):
    for more in ([], ['1'], ['x', 'y']):  # what an option or an action asks for
        try:
            cli._parser([*words, *more]).parse_args([*words, *more])
        except SystemExit as end:
            if end.code:  # --help ends well
                continue
        return True
    return False


def lines_with_apt():
    for path, text in texts():
        for line in text.splitlines():
            for command in APT.findall(line):
                if not WARNED.search(line):
                    yield path, line, command


def test_no_command_takes_the_fork_alone_away():
    bad = [(path.name, command) for path, _, command in lines_with_apt()
           if re.search(r'(purge|remove) python3?-nova-cascading(?! python3-nova\+)', command)]
    assert bad == []


def test_no_message_sends_a_host_back_by_hand():
    """Only `uninstall` knows companions, held packages and versions: a line for all hosts would be wrong on some."""
    bad = [(path.name, command) for path, _, command in lines_with_apt()
           if re.search(r'install (-y )?(@STOCK@|python3?-nova)(?![-\w=+]|_)', command)]
    assert bad == []


@pytest.mark.parametrize('option', ['--allow-downgrades', '--force-yes'])
def test_options_that_not_every_apt_knows_are_chosen_by_its_version(option):
    users = [path.name for path, text in texts() if option in text]
    assert users in ([], ['uninstall_apt.py'])


def test_shell_lines_of_the_pages_can_be_read_by_a_shell():
    for name in ('docs/debian.md', 'docs/release-upgrades.md'):
        for block in re.findall(r'```sh\n(.*?)```', (PROJECT / name).read_text(), re.DOTALL):
            for line in block.splitlines():
                shlex.split(line, comments=True)
