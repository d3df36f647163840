"""The conditions that contracts are run through are what they say, and keep the command's exit status."""

import os
import subprocess
from pathlib import Path

import pytest

from tests import conditions

BY_NAME = {condition.name: condition for condition in conditions.ALL}
FAILS = ['sh', '-c', 'exit 42']


@pytest.mark.parametrize('condition', conditions.ALL)
def test_the_exit_status_is_the_commands(condition):
    assert condition.run(FAILS, timeout=60).returncode == 42


@pytest.mark.parametrize('condition', conditions.HARMLESS)
def test_words_reach_the_command_as_they_are(condition):
    done = condition.run(['printf', '%s|', 'a b', "it's", '"$x"', '*', ''], timeout=60)
    assert done.stdout.strip() == 'a b|it\'s|"$x"|*||'


@pytest.mark.parametrize(('name', 'proof'), [
    ('terminal', 'test -t 0 && test -t 1 && test -t 2'),
    ('narrow-terminal', '[ "$(stty size)" = "5 20" ]'),
    ('stdin-closed', '! test -e /proc/self/fd/0 || readlink /proc/$$/fd/0 | grep -q pipe'),
    ('stdout-full', '! /bin/echo x'),
    ('umask-077', '[ "$(umask)" = 0077 ]'),
    ('locale-de_DE.ISO-8859-1', '[ "$(locale charmap)" = ISO-8859-1 ]'),
    ('locale-fr_FR.UTF-8', "locale -c LC_TIME | grep -q janvier || locale mon | grep -q janvier"),
    ('locale-ascii', 'test "$(python3 -c "import sys; print(sys.stdout.encoding)")" != utf-8'),
    ('tmpdir-noexec', 'echo exit 0 >"$TMPDIR/x"; chmod 755 "$TMPDIR/x"; ! "$TMPDIR/x" 2>/dev/null'),
    ('home-unset', 'test -z "${HOME+set}"'),
    ('home-read-only', '! touch "$HOME/x" 2>/dev/null'),
    ('user', 'test "$(id -u)" -ne 0 && touch "$HOME/x"'),
    ('container', '! unshare -m true 2>/dev/null'),
    ('no-capabilities', 'grep -q "^CapEff:.0000000000000000" /proc/self/status'),
    ('no-network', '[ "$(ls /sys/class/net | wc -l)" -ge 1 ] && ! ip route get 192.0.2.1 2>/dev/null'),
    ('directory-removed', '! test -e "$(readlink /proc/$$/cwd)"'),
    ('foreign-git', '[ "$(git config log.showSignature)" = true ]'),
    ('foreign-rpm', '[ "$(rpm --eval %_topdir)" = /nonexistent/rpmbuild ]'),
    ('foreign-shell', '[ "$(date +%Z)" = +0545 ]'),
])
def test_it_is_what_it_says(name, proof):
    done = BY_NAME[name].run(['sh', '-c', proof], timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_of_it_is_left(tmp_path):
    gnupg = tmp_path / 'gnupg'
    gnupg.mkdir(mode=0o700)
    (gnupg / 'gpg.conf').write_text('no-greeting\n')
    environment = {**os.environ, 'GNUPGHOME': str(gnupg)}
    seen = conditions.GPG.run(['grep', '-c', '^armor$', gnupg / 'gpg.conf'], env=environment)
    assert seen.stdout == '1\n'
    assert (gnupg / 'gpg.conf').read_text() == 'no-greeting\n'
    place = conditions.Condition('told', 'echo "$place"; "$@"').run(['true']).stdout.strip()
    assert place.startswith('/tmp/condition-') and not Path(place).exists()


def test_where_a_condition_cannot_be_made_the_test_is_skipped():
    with pytest.raises(pytest.skip.Exception, match='SKIPPED: x: needs a miracle'):
        conditions.Condition('x', "cannot 'needs a miracle'").run(['true'])


def test_a_host_runs_the_same_line():
    line = BY_NAME['umask-027'].line('umask; exit 3')
    done = subprocess.run(line, shell=True, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, '0027\n')
