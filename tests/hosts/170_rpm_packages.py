"""The packages themselves: what rpmlint says, what an old rpm reads, and that anybody can make them again."""

import hashlib
import re
import subprocess

import pytest

from tests.hosts.lib.packages import PROJECT
from tests.hosts.lib.rpm_host import fork, put

OLD_FEATURES = {'CompressedFileNames', 'FileDigests', 'PayloadFilesHavePrefix'}
FORM = 'payload %{PAYLOADCOMPRESSOR}, digests %{FILEDIGESTALGO}\n'
SOURCES = ('26.3.0', '2014.1.5')


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def source_rpm(binary):
    return binary.with_name(binary.name.replace('.noarch.', '.src.'))


@pytest.mark.parametrize('source', SOURCES)
def test_rpmlint_finds_no_error_that_is_not_explained(source):
    binary = fork(source)
    words = ['rpmlint', '-r', PROJECT / 'rpm/rpmlintrc', binary, source_rpm(binary)]
    said = subprocess.run(words, capture_output=True, text=True).stdout
    assert '2 packages' in said
    assert [line for line in said.splitlines() if ': E: ' in line and 'unused-rpmlintrc-filter' not in line] == []


@pytest.mark.parametrize('source', SOURCES)
def test_the_source_rpm_alone_gives_the_same_bytes_on_another_host(make_host, source):
    binary = fork(source)
    host = make_host('bookworm', 'rpm')
    words = 'rpmbuild --rebuild --nodeps --target noarch --define "_topdir /srv/anywhere"'
    host.run(f'{words} {put(host, source_rpm(binary))}')
    [made] = host.path('/srv/anywhere/RPMS').rglob('*.rpm')
    assert sha256(made) == sha256(binary)


def test_two_builds_in_different_places_give_the_same_bytes(tmp_path):
    first = fork()
    words = [PROJECT / 'build.sh', '26.3.0', '--only', 'rpm', '--to', tmp_path / 'a' / 'long' / 'way' / 'down']
    subprocess.run(words, check=True, capture_output=True, env={'TMPDIR': str(tmp_path)})
    for path in (tmp_path / 'a' / 'long' / 'way' / 'down').iterdir():
        assert sha256(path) == sha256(first.with_name(path.name)), path.name


def test_icehouse_packages_ask_for_nothing_that_rpm_of_their_day_lacks():
    for package in (fork('2014.1.5'), source_rpm(fork('2014.1.5'))):
        words = ['rpm', '-qp', '--nosignature', '--requires', '--provides']
        said = subprocess.run([*words, '--qf', FORM, package], capture_output=True, text=True).stdout
        assert set(re.findall(r'rpmlib\((\w+)\)', said)) <= OLD_FEATURES
        assert 'payload gzip, digests 8' in said
        assert not re.search(r'^\(|dist\(|[~^]', said, re.MULTILINE)
