"""Conditions that commands meet in the field, through which any contract can be run, on this machine or in a host.

    @pytest.mark.parametrize('condition', conditions.ALL)
    def test_it_builds(condition):
        done = condition.run(['./build.sh', 'icehouse'], cwd=clone)       # on this machine
        done = condition.on(host, 'nova-cascading status')                # in a test host

A condition is a few lines of POSIX shell around ``"$@"``, the command; the command's exit status is kept. ``$command``
is the same as one word; ``$place`` is a directory of its own, empty, and gone afterwards. Where a condition cannot be
made, the test is SKIPPED and says why.
"""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.hosts.lib.host import Host, Result

NOT_MADE = 77  # as automake's SKIP
PROLOGUE = '''
place=$(TMPDIR=/tmp mktemp -d -t condition-XXXXXX)
trap 'rm -rf "$place"' EXIT
cannot() { echo "CONDITION NOT MADE: $*" >&2; exit 77; }
mounting() { unshare -m true 2>/dev/null || cannot "mounting needs root with CAP_SYS_ADMIN"; }
'''
# A home with settings of its own sees the caches of the one before: fetched sources do not depend on such settings.
NEW_HOME = '''
export XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}"
old=$HOME; HOME=$place; export HOME
'''


@dataclass(frozen=True)
class Condition:
    """One condition.

    :param name: what it is called in the tests' names.
    :param script: POSIX shell; runs ``"$@"`` last, or ends as ``cannot`` does.
    """

    name: str
    script: str

    @property
    def __name__(self) -> str:  # pytest makes its ids of it
        return self.name

    def wrap(self, words: list[Any]) -> list[str]:
        """The command line that runs *words* under this condition."""
        command = shlex.join(map(str, words))
        return ['sh', '-c', f'command={shlex.quote(command)}{PROLOGUE}{self.script}', 'condition', *map(str, words)]

    def line(self, line: str) -> str:
        """The same of a shell line, as a shell line."""
        return shlex.join(self.wrap(['sh', '-c', line]))

    def possible(self) -> bool:
        """Whether it can be made on this machine; for those who wrap by themselves."""
        return subprocess.run(self.wrap(['true']), capture_output=True).returncode != NOT_MADE

    def run(self, words: list[Any], **options: Any) -> subprocess.CompletedProcess:
        """Run a command on this machine; *options* are subprocess.run's, its output is captured as text."""
        given = {'capture_output': True, 'text': True, 'errors': 'replace', 'timeout': 600, **options}
        done = subprocess.run(self.wrap(words), **given)
        self._made(done.returncode, f'{done.stdout or ""}{done.stderr or ""}')
        return done

    def on(self, host: Host, line: str, **options: Any) -> Result:
        """Run a shell line in a test host, whatever its status; *options* are Host.run's."""
        done = host.run(self.line(line), check=False, **options)
        self._made(done.status, done.out + done.err)
        return done

    def _made(self, status: int, said: str) -> None:
        if status == NOT_MADE and 'CONDITION NOT MADE' in said:
            pytest.skip(f'SKIPPED: {self.name}: {said.partition("CONDITION NOT MADE: ")[2].strip()}')


def _locale(name: str, source: str, charmap: str) -> Condition:
    """A locale that is really there: an unknown one is C, which Python takes for UTF-8."""
    return Condition(f'locale-{name}', f'''
        test -e /usr/share/i18n/locales/{source} || cannot 'needs the package locales'
        # Compiled once: it takes seconds.
        made=/var/tmp/nova-cascading-locales-$(id -u)
        if ! test -d "$made/{name}"; then
            mkdir -p "$made" && localedef --no-archive -i {source} -f {charmap} "$made/{name}.$$" ||
                cannot 'localedef fails'
            mv -T "$made/{name}.$$" "$made/{name}" 2>/dev/null || rm -r "$made/{name}.$$"
        fi
        export LOCPATH="$made" LC_ALL={name} LANG={name}
        unset LANGUAGE
        "$@"''')


def _limited(name: str, capabilities: str) -> Condition:
    return Condition(name, f'''
        setpriv --bounding-set {capabilities} true 2>/dev/null || cannot 'needs root with CAP_SETPCAP'
        setpriv --inh-caps=-all --bounding-set {capabilities} "$@"''')


def _terminal(name: str, term: str, first: str = '') -> Condition:
    return Condition(name, f'''
        command -v script >/dev/null || cannot 'needs script(1), of bsdutils or util-linux'
        TERM={term} SHELL=/bin/sh script -qec "{first}$command" /dev/null''')


TERMINALS = [_terminal('terminal', 'xterm-256color'), _terminal('narrow-terminal', 'xterm', 'stty cols 20 rows 5; '),
             _terminal('dumb-terminal', 'dumb')]
# What `./x | head -1`, a lost ssh and cron do.
STREAMS = [
    Condition('stdin-closed', '"$@" <&-'),
    Condition('stdout-closed', '"$@" >&-'),
    Condition('stderr-closed', '"$@" 2>&-'),
    Condition('all-closed', '"$@" <&- >&- 2>&-'),
    Condition('stdout-full', '"$@" >/dev/full'),
    Condition('stdout-pipe-that-closes', '''
        { "$@"; echo $? >"$place/status"; } | head -n 1
        exit "$(cat "$place/status")"'''),
    Condition('stdout-pipe-never-read', '''
        { "$@"; echo $? >"$place/status"; } | true
        exit "$(cat "$place/status")"'''),
]
UMASKS = [Condition(f'umask-{mask}', f'umask {mask}; "$@"') for mask in ('002', '027', '077')]
LOCALES = [
    Condition('locale-C', 'unset LANGUAGE; LC_ALL=C LANG=C "$@"'),
    # Not C: without Python's coercion to UTF-8, everything else is ASCII.
    Condition('locale-ascii', 'LC_ALL=POSIX PYTHONCOERCECLOCALE=0 PYTHONUTF8=0 "$@"'),
    Condition('locale-missing', 'LC_ALL=xx_YY.UTF-8 LANG=xx_YY.UTF-8 "$@"'),
    _locale('de_DE.ISO-8859-1', 'de_DE', 'ISO-8859-1'),
    _locale('tr_TR.UTF-8', 'tr_TR', 'UTF-8'),
    _locale('fr_FR.UTF-8', 'fr_FR', 'UTF-8'),
    _locale('ja_JP.EUC-JP', 'ja_JP', 'EUC-JP'),
]
PLACES = [
    Condition('tmpdir-noexec', '''mounting
        unshare -m sh -c 'mount -t tmpfs -o noexec,mode=1777 noexec "$0" && TMPDIR=$0 && export TMPDIR && "$@"' \\
            "$place" "$@"'''),
    # What `setfacl -d -m u:nobody:rwx` and chmod g+s leave, without setfacl.
    Condition('tmpdir-shared', '''
        chgrp games "$place" 2>/dev/null || :
        chmod g+s "$place"
        python3 -IBc 'import os, struct, sys
nobody = 0xffffffff
entries = (1, 7, nobody), (2, 7, 65534), (4, 7, nobody), (16, 7, nobody), (32, 5, nobody)
packed = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
os.setxattr(sys.argv[1], "system.posix_acl_default", packed)' "$place" 2>/dev/null ||
            cannot 'needs a file system with ACLs'
        TMPDIR=$place "$@"'''),
    Condition('tmpdir-missing', 'TMPDIR=$place/missing "$@"'),
    Condition('tmpdir-with-spaces', 'mkdir "$place/a b;c"; TMPDIR="$place/a b;c" "$@"'),
    Condition('home-unset', 'unset HOME XDG_CACHE_HOME; "$@"'),
    Condition('home-missing', 'unset XDG_CACHE_HOME; HOME=/nonexistent "$@"'),
    Condition('home-read-only', '''unset XDG_CACHE_HOME
        if [ "$(id -u)" -ne 0 ]; then chmod 555 "$place"; HOME=$place "$@"; exit; fi
        mounting
        unshare -m sh -c 'mount -t tmpfs -o ro ro "$0" && HOME=$0 && export HOME && "$@"' "$place" "$@"'''),
    # The command must be named by its whole path.
    Condition('directory-removed', '''mkdir "$place/gone"; cd "$place/gone"; rmdir "$place/gone"; "$@"'''),
]
RIGHTS = [
    Condition('user', '''
        [ "$(id -u)" -eq 0 ] || { "$@"; exit; }
        chown 65534:65534 "$place"; chmod 700 "$place"
        HOME=$place USER=nobody LOGNAME=nobody setpriv --reuid 65534 --regid 65534 --clear-groups \\
            --inh-caps=-all "$@"'''),
    # What docker, podman and most CI give to root.
    _limited('container', '-all,+chown,+dac_override,+fsetid,+fowner,+setgid,+setuid,+setfcap,+setpcap,'
                          '+net_bind_service,+sys_chroot,+kill,+audit_write'),
    _limited('no-capabilities', '-all'),
    Condition('no-network', '''
        unshare -n true 2>/dev/null || cannot 'needs root with CAP_SYS_ADMIN'
        unshare -n sh -c 'ip link set lo up 2>/dev/null; "$@"' sh "$@"'''),
    Condition('signals-ignored', 'trap "" INT HUP PIPE TERM; "$@"'),
    Condition('few-files', 'ulimit -n 64; "$@"'),
]
GIT = Condition('foreign-git', NEW_HOME + '''
    cat >"$place/.gitconfig" <<'END'
[log]
    showSignature = true
    date = relative
    decorate = full
[commit]
    gpgsign = true
[tag]
    gpgsign = true
[core]
    autocrlf = true
    quotePath = false
    pager = false
    abbrev = 5
[color]
    ui = always
[diff]
    noprefix = true
    external = false
[format]
    pretty = fuller
[status]
    short = true
    showUntrackedFiles = no
[tar]
    umask = 0077
[init]
    defaultBranch = "a/branch of mine"
END
    "$@"''')
GIT_HOOK = Condition('inside-a-git-hook', '''
    git init -q "$place/other" || cannot 'needs git'
    GIT_DIR=$place/other/.git GIT_INDEX_FILE=$place/other/.git/index GIT_WORK_TREE=$place/other "$@"''')
GPG = Condition('foreign-gpg', '''
    # A home that a test has named is used as it is, and given back as it was.
    test -n "${GNUPGHOME:-}" || { export GNUPGHOME="$place/gnupg"
        if test -d "$HOME/.gnupg"; then cp -a "$HOME/.gnupg" "$GNUPGHOME"; else mkdir -m 700 "$GNUPGHOME"; fi; }
    conf=$GNUPGHOME/gpg.conf
    test ! -e "$conf" || cp -p "$conf" "$place/before"
    cat >"$conf" <<'END'
armor
no-tty
batch
textmode
no-greeting
keyid-format none
with-fingerprint
charset iso-8859-1
personal-digest-preferences SHA1
personal-cipher-preferences AES
no-emit-version
comment "a comment of mine"
list-options show-uid-validity,show-keyring
verify-options show-photos
sig-notation key@example.org=value
throw-keyids
END
    status=0
    "$@" || status=$?
    if test -e "$place/before"; then cp -p "$place/before" "$conf"; else rm -f "$conf"; fi
    exit "$status"''')
RPM = Condition('foreign-rpm', NEW_HOME + '''
    cat >"$place/.rpmmacros" <<'END'
%_rpmfilename %%{NAME}.rpm
%_topdir /nonexistent/rpmbuild
%_gpg_name Nobody <nobody@example.org>
%_signature none
%_gpg_path /nonexistent
%packager Somebody
%vendor Somebody Else
%distribution Mine
%dist .mine
%_binary_payload w19.zstdio
%_source_payload w1.xzdio
%_binary_filedigest_algorithm 1
%_source_filedigest_algorithm 1
%_buildhost my.example.org
%_prefix /opt/mine
%_docdir /opt/doc
%_python_bytecompile_extra 0
%__os_install_post %{nil}
%_build_id_links alldebug
%_rpmformat 6
%_openpgp_autosign_id Nobody
END
    "$@"''')
PIP = Condition('foreign-pip', NEW_HOME + '''
    mkdir -p "$place/.config/pip"
    echo 'pbr===6.1.0' >"$place/constraints"
    printf '[global]\\nrequire-virtualenv = true\\nuser = true\\nformat = freeze\\nconstraint = %s\\n' \\
        "$place/constraints" >"$place/.config/pip/pip.conf"
    PIP_REQUIRE_VIRTUALENV=1 PIP_USER=1 PIP_NO_COMPILE=1 PIP_VERBOSE=1 PIP_TARGET=$place/target PIP_DRY_RUN=1 \\
        PIP_CONSTRAINT=$place/constraints PIP_NO_COLOR=1 PIP_REPORT=$place/report "$@"''')
PYTHON = Condition('foreign-python', '''
    for name in os json subprocess argparse nova yaml; do
        echo "raise SystemExit('a planted module was imported')" >"$place/$name.py"
    done
    PYTHONPATH=$place PYTHONSTARTUP=$place/os.py PYTHONOPTIMIZE=2 PYTHONWARNINGS=error PYTHONUSERBASE=$place \\
        PYTHONIOENCODING=ascii "$@"''')
COMPRESSORS = Condition('foreign-compressors', '''
    XZ_OPT=-9e XZ_DEFAULTS=-v GZIP=-1 BZIP2=-1 ZSTD_CLEVEL=1 ZSTD_NBTHREADS=3 TAR_OPTIONS='--verbose --format=v7' \\
        UNZIP=-qq ZIPOPT=-0 "$@"''')
SHELL = Condition('foreign-shell', '''
    printf 'echo from ENV\\n' >"$place/env"
    POSIXLY_CORRECT=1 GREP_OPTIONS=--color=always GREP_COLOR='1;31' CLICOLOR_FORCE=1 FORCE_COLOR=1 \\
        LS_COLORS='*.py=01;31' QUOTING_STYLE=shell-always BLOCK_SIZE=human-readable CDPATH=/:/tmp ENV=$place/env \\
        BASH_ENV=$place/env COLUMNS=20 LINES=3 TZ=Asia/Kathmandu TERM=dumb PAGER=false EDITOR=false "$@"''')
DEBIAN = Condition('foreign-debian', NEW_HOME + '''
    printf 'unsigned_only\\n' >"$place/.dpkg-buildpackage.conf"
    printf -- '--verbose\\n' >"$place/.dpkg.cfg"
    DEB_BUILD_OPTIONS='nocheck noopt nostrip parallel=3 terse' DEB_BUILD_PROFILES=nodoc EMAIL=me@example.org \\
        NAME=Me DPKG_COLORS=always DEB_VENDOR=Ubuntu DPKG_MAINTSCRIPT_DEBUG=1 \\
        DEB_BUILD_MAINT_OPTIONS=hardening=+all DH_VERBOSE=1 DH_OPTIONS=-v MAKEFLAGS=-k "$@"''')
SETTINGS = [GIT, GIT_HOOK, GPG, RPM, PIP, PYTHON, COMPRESSORS, SHELL, DEBIAN]

ALL = [*TERMINALS, *STREAMS, *UMASKS, *LOCALES, *PLACES, *RIGHTS, *SETTINGS]
# Those under which the very same bytes must come out, and status 0.
HARMLESS = [*TERMINALS, *UMASKS, *LOCALES, *SETTINGS]


def need_readable(condition: Condition, place: Path) -> None:
    """Skip what another user would run from a place that only its owner can read, such as root's home."""
    hidden = [one for one in (place, *place.parents) if not one.stat().st_mode & 0o001]
    if condition.name == 'user' and hidden:
        pytest.skip(f'SKIPPED: {condition.name}: others cannot read {hidden[0]}')
