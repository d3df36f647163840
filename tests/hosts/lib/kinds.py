"""The layers that every area's tests can use; scripts lie in layers.d/."""

from __future__ import annotations

from pathlib import Path

from tests.hosts.lib.layers import register

SCRIPTS = Path(__file__).with_name('layers.d')


def script(name: str) -> str:
    """The text of one of the scripts in layers.d/."""
    return (SCRIPTS / f'{name}.sh').read_text()


register('minbase', base=None, script='')
register('base', base='minbase', script=script('base'))
register('stack-packages', base='base', script=script('stack-packages'))
register('stack', base='stack-packages', script=script('stack'), online=False)
register('databases', base='base', script=script('databases'))
