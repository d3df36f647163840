"""The distribution's own judge of packages has nothing to say."""

from __future__ import annotations

import subprocess

from tests.hosts.lib import debs, packages


def test_lintian_finds_no_error_and_no_warning(fork_of):
    directory = fork_of('bookworm', 1, *debs.DEB)
    done = subprocess.run(['lintian', '--allow-root', '--fail-on', 'error,warning', packages.library(directory),
                           *directory.glob('*.dsc')], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
