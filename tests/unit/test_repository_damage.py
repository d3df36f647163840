"""What hosts could not unpack is not published: they would find out in the middle of an apt run."""

import pytest

from builder.common.errors import BuildError
from builder.repository import incoming
from tests import repositories


def flipped(whole):
    """One byte of the content, near the end of the file."""
    return whole[:-12] + bytes([whole[-12] ^ 1]) + whole[-11:]


# ar makes an odd size even: the last byte alone may be nobody's.
DAMAGES = {'flipped': flipped, 'cut': lambda whole: whole[:-2], 'cut by more': lambda whole: whole[:-150]}
MAKE = {'deb': repositories.deb, 'sdist': repositories.sdist, 'rpm': lambda *words: repositories.rpms(*words)[0],
        'wheel': repositories.wheel}


def looked_at(path):
    for package in incoming.collect([path], None):
        incoming.refuse_damaged(package.path)


@pytest.mark.parametrize('kind', MAKE)
def test_a_package_is_read_to_its_end(tmp_path, kind):
    path = MAKE[kind](tmp_path / 'in', 1)
    whole = path.read_bytes()
    looked_at(path)
    for name, damage in DAMAGES.items():
        # The directory of a zip file stands at its end.
        path.write_bytes(damage(whole) if (kind, name) != ('wheel', 'flipped') else
                         whole.replace(b'revision = ', b'revision ! ', 1))
        with pytest.raises(BuildError, match='is damaged') as error:
            looked_at(path)
        assert str(path) in str(error.value) and 'again' in error.value.hint


def test_a_deb_is_looked_at_in_its_control_part_as_well(tmp_path):
    path = repositories.deb(tmp_path, 1)
    whole = path.read_bytes()
    start = whole.index(b'control.tar') + 60  # ar(5): its header
    end = start + int(whole[start - 12:start - 2])
    path.write_bytes(whole[:end - 8] + b'\0\0\0\0' + whole[end - 4:])  # gzip's checksum
    with pytest.raises(BuildError, match='build the package again'):
        looked_at(path)


@pytest.mark.parametrize(('name', 'content'), [('e.rpm', b''), ('d.rpm', b'!<arch>\n')])
def test_what_is_no_rpm_is_named_as_it_is_called(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BuildError, match=f'{tmp_path / name} is no rpm'):
        incoming.collect([tmp_path / name], None)


@pytest.mark.parametrize('damage', [flipped, lambda whole: whole + b'\n'], ids=['flipped', 'longer'])
def test_nothing_is_changed_for_a_damaged_deb(repo, tmp_path, damage):
    """dpkg reads one with a byte more, apt does not."""
    before = (repo.root / 'SHA256SUMS').read_bytes()
    path = repositories.deb(tmp_path / 'in', 2)
    path.write_bytes(damage(path.read_bytes()))
    done = repo('publish', path, check=False)
    assert done.returncode == 1 and 'unexpected' not in done.stdout
    assert f'{path.name} is damaged' in done.stdout and 'Next: build the package again' in done.stdout
    assert (repo.root / 'SHA256SUMS').read_bytes() == before
