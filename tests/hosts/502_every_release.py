"""One set of rules holds in the last release of every series of nova, Icehouse to the latest."""

import subprocess

import pytest

from builder.common.errors import BuildError
from builder.common.project import PROJECT
from builder.fork import making, quilt
from builder.fork.rules.load import load
from builder.source import series
from builder.source.novaversion import within
from builder.source.obtain import obtain

SERIES = [*(known.name for known in series.table()), 'latest']


def obtained(name, work):
    """The series' last release, from the cache of sources, PyPI, or upstream's git where that can be reached."""
    try:
        return obtain(name, work)
    except BuildError as error:
        if 'cannot be reached' in str(error):
            pytest.skip(f'SKIPPED: {error.what}')
        raise


@pytest.fixture(params=SERIES)
def made(request, tmp_path):
    return making.make(obtained(request.param, tmp_path / 'source'))


def test_every_rule_applies_where_it_should_and_nowhere_else(made, tmp_path):
    rules = [rule for file in load(PROJECT / 'patches') for rule in file.rules]
    expected = {rule.name: 'applied' if within(made.tree.version, rule.releases) else 'not needed' for rule in rules}
    assert {result.rule: result.state for result in made.report} == expected
    assert made.tree.modified == ''
    series = tmp_path / 'all.patch'
    series.write_bytes('\n'.join(text for _, text in quilt.series(made)).encode())
    done = subprocess.run(['patch', '-p1', '--fuzz=0', '--batch', '-i', series], cwd=made.tree.path,
                          capture_output=True, text=True)
    assert done.returncode == 0 and 'offset' not in done.stdout, done.stdout
    for patch in made.patches:
        for path, (_, after) in patch.files.items():
            assert (made.tree.path / path).read_bytes() == after
    with pytest.raises(BuildError, match='is patched already'):
        making.make(made.tree)
