"""The distribution's own judge of packages has nothing to say."""

from __future__ import annotations

import subprocess

import pytest

from tests.hosts.lib import debs, icehouse, packages

ICEHOUSE = '2014.1.5'


@pytest.mark.parametrize('source', ['bookworm', *map(debs.everywhere, debs.SUITES[1:]), ICEHOUSE],
                         ids=[*debs.SUITES, 'icehouse'])  # 001 asks the newest lintian
def test_lintian_finds_no_error_and_no_warning(fork_of, source):
    if source == ICEHOUSE:
        icehouse.require(source)
    directory = fork_of(source, 1, *debs.DEB)
    done = subprocess.run(['lintian', '--allow-root', '--fail-on', 'error,warning', packages.library(directory),
                           *directory.glob('*.dsc')], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
