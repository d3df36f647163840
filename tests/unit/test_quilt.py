"""Patches are what patch(1) and quilt expect, and carry what DEP-3 wants to know."""

import subprocess

import pytest

from builder.common.model import Patch
from builder.fork.quilt import diff, render

CASES = {
    'plain': (b'a\nb\nc\n', b'a\nnew\nb\nc\n'),
    'no newline before': (b'a\nb', b'a\nb\nc\n'),
    'no newline after': (b'a\nb\n', b'a\nb\nc'),
    'no newline at all': (b'a\nb', b'c\na\nb'),
    'crlf': (b'a\r\nb\r\n', b'a\r\nnew\r\nb\r\n'),
    'mixed endings': (b'a\r\nb\nc\r\n', b'a\r\nb\nnew\nc\r\n'),
    'beyond ascii': ('é\n'.encode(), 'é\nü\n'.encode()),
    'far apart': (b'\n'.join(b'%d' % n for n in range(99)), b'x\n' + b'\n'.join(b'%d' % n for n in range(99)) + b'\ny'),
}


@pytest.mark.parametrize('name', CASES)
def test_patch_makes_the_new_file_of_the_old_one(tmp_path, name):
    before, after = CASES[name]
    (tmp_path / 'f.py').write_bytes(before)
    text = diff('f.py', before, after).encode()
    done = subprocess.run(['patch', '-p1', '--fuzz=0', '--binary'], cwd=tmp_path, input=text, capture_output=True)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / 'f.py').read_bytes() == after


def test_a_new_file_is_made(tmp_path):
    text = render(Patch('files', {'Description': 'x'}, {'d/new.py': (None, b'a\n')}))
    subprocess.run(['patch', '-p1'], cwd=tmp_path, input=text.encode(), check=True, stdout=subprocess.DEVNULL)
    assert (tmp_path / 'd/new.py').read_bytes() == b'a\n'


def test_an_empty_file_which_no_patch_can_make_is_refused():
    with pytest.raises(ValueError, match=r'd/empty\.py is empty'):
        diff('d/empty.py', None, b'')


def test_the_header_is_one_paragraph_that_debian_tools_read():
    header = {'Description': 'Short\nLong one.\n\nSecond.', 'Origin': 'vendor', 'Forwarded': 'not-needed'}
    text = render(Patch('x', header, {'f': (b'a\n', b'b\n')}))
    assert text.startswith('Description: Short\n Long one.\n .\n Second.\n'
                           'Origin: vendor\nForwarded: not-needed\n---\n--- a/f\n')


def test_the_same_change_gives_the_same_bytes_with_files_in_order():
    files = {'z.py': (b'a\n', b'b\n'), 'a.py': (b'a\n', b'b\n')}
    first = render(Patch('x', {'Description': 'y'}, files))
    assert first == render(Patch('x', {'Description': 'y'}, dict(reversed(files.items()))))
    assert first.index('+++ b/a.py') < first.index('+++ b/z.py')
