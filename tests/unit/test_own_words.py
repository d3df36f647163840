"""Standard error of nova-cascading belongs to its own words: monitoring reads it."""

import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / 'src/nova'
LOUD = '''
import logging, warnings
class Deprecated(Warning):
    pass
warnings.warn('nine lines for developers', Deprecated, stacklevel=2)
def configure(parser):
    pass
def run(args, conf):
    logging.getLogger('a.library').warning('and more of them')
    warnings.warn('fork', DeprecationWarning)
    print('the answer')
'''
RUN = f'''import sys, types
nova = sys.modules['nova'] = types.ModuleType('nova'); nova.__path__ = ['{SOURCE}']
from nova.cascading import cli
cli.COMMANDS = (('loud', 'loud', 'imports what warns'),)
sys.exit(cli.main())'''


@pytest.mark.parametrize('options, is_heard', [((), False), (('-W', 'default'), True)])
def test_what_libraries_tell_developers_is_told_to_those_who_ask(tmp_path, options, is_heard):
    (tmp_path / 'loud.py').write_text(LOUD)
    done = subprocess.run([sys.executable, '-B', *options, '-c', RUN, 'loud'], env={'PYTHONPATH': str(tmp_path)},
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, 'the answer\n')
    assert ('nine lines' in done.stderr) == is_heard
    assert is_heard or done.stderr == ''
