"""The packages that stand in for a distribution's Icehouse: the same bytes each time, and nothing stray in them."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from tests.hosts.lib import icehouse, templates
from tests.repositories import PATH, PROJECT

RUNTIME = 'nova-cascading-icehouse-runtime'


def build(to, *words, umask='022'):
    """File name -> sha256 of what ./build.sh makes, run by an administrator with another umask in another place."""
    to.mkdir()
    line = f'umask {umask}; cd {to}; exec {PROJECT / "build.sh"} {" ".join(words)} --to {to}'
    environment = {'PATH': PATH, 'HOME': Path.home(), 'TMPDIR': to}
    subprocess.run(['sh', '-c', line], check=True, capture_output=True, env=environment)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(to.glob('*.deb'))}


@pytest.fixture(scope='module')
def runtime(tmp_path_factory):
    """The runtime's package, unpacked."""
    icehouse.require(*icehouse.RELEASES)
    templates.directories(icehouse.SUITE, 'icehouse')  # made once, whoever needs it first
    place = tmp_path_factory.mktemp('runtime')
    [name] = build(place / 'made', 'runtime', 'icehouse')
    subprocess.run(['dpkg-deb', '-R', place / 'made' / name, place / 'unpacked'], check=True)
    return place / 'unpacked'


def test_stock_packages_built_twice_have_the_same_bytes_and_every_dpkg_reads_them(tmp_path):
    icehouse.require('2014.1.5')
    first = build(tmp_path / 'first', 'stock', '2014.1.5')
    assert len(first) == 6
    for name in first:  # dpkg before 1.17.6 reads no control.tar.xz
        members = subprocess.run(['ar', 't', tmp_path / 'first' / name], check=True, capture_output=True, text=True)
        assert members.stdout.split() == ['debian-binary', 'control.tar.gz', 'data.tar.xz']
    assert build(tmp_path / 'elsewhere', 'stock', '2014.1.5', umask='077') == first


def test_a_release_that_a_distribution_ships_is_refused_by_name(tmp_path):
    words = [PROJECT / 'build.sh', 'stock', '26.3.0', '--to', tmp_path]
    refused = subprocess.run(words, capture_output=True, text=True)
    assert refused.returncode == 1
    assert '26.3.0' in refused.stderr and 'apt-get download python3-nova' in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_runtime_keeps_to_its_own_directory(runtime):
    outside = {'usr/lib/python2.7/dist-packages', f'usr/share/doc/{RUNTIME}', 'usr/share/lintian/overrides'}
    strays = [path for path in runtime.rglob('*') if path.is_file() and path.parts[len(runtime.parts)] != 'DEBIAN'
              and not path.is_relative_to(runtime / 'usr/lib/nova-cascading')
              and str(path.parent.relative_to(runtime)) not in outside]
    assert strays == []


def test_the_runtime_has_no_compiled_python_and_no_trace_of_where_it_was_built(runtime):
    files = [path for path in runtime.rglob('*') if path.is_file()]
    assert len(files) > 1000
    assert [path for path in files if path.suffix in ('.pyc', '.pyo')] == []
    assert [path for path in files if b'/build-environment' in path.read_bytes()] == []


def test_the_runtime_names_the_licence_of_every_distribution_in_it(runtime):
    listed = [line.split('\t') for line in
              (runtime / f'usr/share/doc/{RUNTIME}/distributions').read_text().splitlines()]
    inside = list((runtime / 'usr/lib/nova-cascading/icehouse').glob('*-info'))
    assert len(listed) == len(inside) > 60
    assert [name for name, version, licence in listed if not licence.strip()] == []
