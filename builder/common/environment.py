"""The environment that tools run in: what the user has set for other work changes no byte and no output."""

from __future__ import annotations

import os
import re

# How to reach the network, where home, keys, caches and space are, who answers for what is made, who typed sudo, and
# what is ours. All else stays out: XZ_OPT, GZIP, TAR_OPTIONS, DEB_*, RPM_*, MAKEFLAGS, GIT_*, PERL5OPT, LD_PRELOAD,
# LANGUAGE and what nobody has thought of yet.
KEPT = re.compile(r'PATH|HOME|USER|LOGNAME|SHELL|TERM|TMPDIR|GNUPGHOME|GPG_TTY|APT_CONFIG|PYTHONPATH|'
                  r'PYTHONDONTWRITEBYTECODE|SOURCE_DATE_EPOCH|DEBFULLNAME|DEBEMAIL|NOVA_CASCADING_\w+|PIP_\w+|XDG_\w+|'
                  r'SUDO_UID|GIT_SSL_CAINFO|GIT_PROXY_SSL_CAINFO|SSL_CERT_\w+|CURL_CA_BUNDLE|REQUESTS_CA_BUNDLE|'
                  r'\w+_proxy|\w+_PROXY')
FIXED = {'LC_ALL': 'C.UTF-8', 'TZ': 'UTC', 'DEBIAN_FRONTEND': 'noninteractive', 'GIT_TERMINAL_PROMPT': '0'}


def settle() -> None:
    """Make this process's environment, and so that of every tool, one that we know."""
    known = kept()
    os.environ.clear()
    os.environ.update(known)


def kept() -> dict[str, str]:
    """A copy of the environment with what may stay, and with what is always the same."""
    stays = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
    # Who has no home, as in containers, gets one in which not even root can make anything (rpm would: .rpmdb).
    return {'HOME': '/dev/null', **stays, **FIXED}
