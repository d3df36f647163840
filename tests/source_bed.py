"""What the tests of sources share: small archives, and a refusal with all it must say."""

import io
import tarfile

import pytest

from builder.common.errors import BuildError
from builder.source.obtain import obtain
from tests import fakenova


def pack(tmp_path, name, version='26.3.0', top='nova-26.3.0'):
    fakenova.write(tmp_path / 'packing' / top, version)
    with tarfile.open(tmp_path / name, 'w:' + name.rsplit('.', 1)[-1].replace('tgz', 'gz')) as archive:
        archive.add(tmp_path / 'packing' / top, top)
    return tmp_path / name


def crafted(path, *members):
    """A tarball with members as given: (name, type, link)."""
    with tarfile.open(path, 'w:gz') as archive:
        for name, kind, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            content = b'x' if kind == tarfile.REGTYPE else b''
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def refused(tmp_path, spec):
    with pytest.raises(BuildError) as caught:
        obtain(str(spec), tmp_path / 'work')
    assert caught.value.status == 1 and caught.value.hint
    return str(caught.value)
