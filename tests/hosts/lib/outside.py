"""What a layer may use of this machine while it is built: its network, and pip's configuration."""

from __future__ import annotations

import functools
import os
import subprocess
from pathlib import Path

FILES = ('/etc/resolv.conf', '/etc/pip.conf', '/etc/xdg/pip', '/etc/ssl/certs/ca-certificates.crt')
VARIABLES = ('PIP_', 'SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'http_proxy', 'https_proxy', 'no_proxy')


def environment() -> dict[str, str]:
    """The variables that pip and other clients take their settings from."""
    return {name: value for name, value in os.environ.items() if name.startswith(VARIABLES)}


def paths() -> list[Path]:
    """Files and directories to be seen at the same place inside, as far as they exist here."""
    found = [Path(name) for name in FILES]
    found += [Path(word.replace('file://', '')) for word in _pip_words() if word.startswith(('/', 'file:///'))]
    return [path for path in dict.fromkeys(found) if path.exists()]


@functools.cache  # each layer asks
def _pip_words() -> list[str]:
    done = subprocess.run(['python3', '-m', 'pip', 'config', 'list'], check=False, capture_output=True, text=True)
    return [word for line in done.stdout.splitlines() for word in line.partition('=')[2].strip("'\"").split()]
