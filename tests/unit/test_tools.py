"""Missing build tools are installed for root, and named with the exact command for everyone else."""

import os
import subprocess

import pytest

from builder import tools
from builder.errors import BuildError


def test_nothing_happens_when_all_is_there(monkeypatch):
    monkeypatch.setattr(tools, 'install', lambda *_: pytest.fail('installed something'))
    tools.need({'sh': 'dash', '/usr': 'base-files'})


def test_a_user_without_rights_gets_the_exact_command_and_nothing_is_installed(monkeypatch):
    monkeypatch.setattr(os, 'geteuid', lambda: 1000)
    monkeypatch.setattr(subprocess, 'run', lambda *_, **__: pytest.fail('ran something'))
    with pytest.raises(BuildError) as caught:
        tools.need({'no-such-tool': 'nice-package', 'neither-this': 'another', 'sh': 'dash'})
    assert caught.value.hint == 'sudo apt-get install --no-install-recommends another nice-package'


def test_a_failing_tool_is_quoted_with_its_last_words():
    with pytest.raises(BuildError, match='status 3') as caught:
        tools.run(['sh', '-c', 'echo first; echo the reason >&2; exit 3'], hint='try again')
    assert 'the reason' in str(caught.value) and 'try again' in str(caught.value)


def test_a_tool_that_is_not_there_is_named():
    with pytest.raises(BuildError, match='no-such-tool is missing'):
        tools.run(['no-such-tool'])
