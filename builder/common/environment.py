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
# Of pip's own, how to reach an index. The rest says what it installs, where and how.
OF_INDEX = re.compile(r'PIP_(CONFIG_FILE|(EXTRA_)?INDEX_URL|PYPI_URL|NO_INDEX|FIND_LINKS|TRUSTED_HOST|(CLIENT_)?CERT|'
                      r'PROXY|KEYRING_PROVIDER|(NO_)?CACHE_DIR|(DEFAULT_)?TIMEOUT|RETRIES)')
FIXED = {'LC_ALL': 'C.UTF-8', 'TZ': 'UTC', 'DEBIAN_FRONTEND': 'noninteractive', 'GIT_TERMINAL_PROMPT': '0'}


def settle() -> None:
    """Make this process's environment, and so that of every tool, one that we know."""
    known = kept()
    os.environ.clear()
    os.environ.update(known)


def kept() -> dict[str, str]:
    """A copy of the environment with what may stay, and with what is always the same."""
    stays = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name) and not misleads(name)}
    # Who has no home, as in containers, gets one in which not even root can make anything (rpm would: .rpmdb).
    return {'HOME': '/dev/null', **stays, **FIXED}


def misleads(name: str) -> bool:
    return name.startswith('PIP_') and not OF_INDEX.fullmatch(name)


def for_pip(*, offline: bool = False) -> dict[str, str]:
    """A copy of the environment in which pip installs what and where we say, from the index that the user has set.

    :param offline: it needs no index, and so no settings at all.
    """
    stays = {name: value for name, value in os.environ.items()
             if not (name.startswith('PIP_') if offline else misleads(name))}
    if offline:
        return {**stays, 'PIP_CONFIG_FILE': os.devnull}
    # What a file of settings says for all downloads goes behind a variable.
    return {**stays, 'PIP_CONSTRAINT': os.devnull, 'PIP_REQUIRE_VIRTUALENV': '0', 'PIP_USER': '0',
            'PIP_REQUIRE_HASHES': '0', 'PIP_NO_INPUT': '1',
            'PIP_IGNORE_REQUIRES_PYTHON': '1'}  # pip of Debian 11 has no such option for downloads
