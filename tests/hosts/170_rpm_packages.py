"""The packages themselves: what rpmlint says, what an old rpm reads, and that anybody can make them again."""

import hashlib
import io
import re
import subprocess
import tarfile

import pytest

from tests.hosts.lib.packages import PROJECT
from tests.hosts.lib.rpm_host import ICEHOUSE, fork, put

OLD_FEATURES = {'CompressedFileNames', 'FileDigests', 'PayloadFilesHavePrefix'}
FORM = 'payload %{PAYLOADCOMPRESSOR}, digests %{FILEDIGESTALGO}\n'
SOURCES = ('26.3.0', pytest.param('2014.1.5', marks=ICEHOUSE))


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


@ICEHOUSE
def test_icehouse_packages_ask_for_nothing_that_rpm_of_their_day_lacks():
    for package in (fork('2014.1.5'), source_rpm(fork('2014.1.5'))):
        words = ['rpm', '-qp', '--nosignature', '--requires', '--provides']
        said = subprocess.run([*words, '--qf', FORM, package], capture_output=True, text=True).stdout
        assert set(re.findall(r'rpmlib\((\w+)\)', said)) <= OLD_FEATURES
        assert 'payload gzip, digests 8' in said
        assert not re.search(r'^\(|dist\(|[~^]', said, re.MULTILINE)


def contents(package):
    """Path -> sha256 of every file in an rpm, bytecode left out: the fork's is made on the host."""
    archive = subprocess.run(['rpm2archive', '-'], stdin=package.open('rb'), capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        return {member.name.lstrip('./'): hashlib.sha256(files.extractfile(member).read()).hexdigest()
                for member in files if member.isfile() and not member.name.endswith('.pyc')}


def requires(package):
    said = subprocess.run(['rpm', '-qp', '--nosignature', '--requires', package], capture_output=True, text=True).stdout
    return {line for line in said.splitlines() if not line.startswith(('rpmlib', '/bin/sh', '/usr/bin/python'))}


def test_a_fork_of_a_stock_rpm_is_that_rpm_and_the_delta(make_host):
    stock = make_host('bookworm', 'rpm').path('/srv/stock/python3-nova-26.3.0-1.noarch.rpm')
    made = fork(stock)
    before, after = contents(stock), contents(made)
    assert before.keys() - after.keys() == set()
    site = 'usr/lib/python3.11/site-packages/nova/'
    assert {name for name in before if before[name] != after[name]} == {
        site + name for name in ('db/main/models.py', 'db/migration.py', 'objects/instance.py')}
    added = after.keys() - before.keys()
    assert {name for name in added if name.startswith(site) and not name.startswith(f'{site}cascading/')} == set()
    assert requires(made) - requires(stock) == {'python(abi) = 3.11'} - requires(stock)
    assert requires(stock) <= requires(made)
