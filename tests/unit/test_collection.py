"""The Ansible collection: what is in it, and that ansible-galaxy can check it."""

import hashlib
import io
import json
import re
import tarfile

import pytest

from builder.common import project
from builder.common.project import PROJECT
from builder.package import collection
from builder.package.rpm import preflight

ANSIBLE = PROJECT / 'ansible'


@pytest.fixture(scope='module')
def archive():
    with tarfile.open(fileobj=io.BytesIO(collection.build(1))) as opened:
        yield opened


def read(archive, name):
    return archive.extractfile(name).read()


def test_the_same_project_gives_the_same_bytes_with_one_time_and_one_owner(archive):
    assert collection.build(1) == collection.build(1)
    assert {(member.mtime, member.uid, member.gid) for member in archive} == {(1, 0, 0)}


def test_every_file_is_listed_with_its_checksum(archive):
    manifest = json.loads(read(archive, 'MANIFEST.json'))
    listed = read(archive, 'FILES.json')
    assert manifest['file_manifest_file']['chksum_sha256'] == hashlib.sha256(listed).hexdigest()
    files = {entry['name']: entry['chksum_sha256'] for entry in json.loads(listed)['files'] if entry['ftype'] == 'file'}
    inside = {member.name for member in archive if member.isfile()} - {'MANIFEST.json', 'FILES.json'}
    assert set(files) == inside
    assert {name for name in files if hashlib.sha256(read(archive, name)).hexdigest() != files[name]} == set()


def test_a_directory_comes_before_what_is_in_it(archive):
    names = [member.name for member in archive]
    assert len(names) == len(set(names))
    assert [name for name in names if '/' in name and name.rpartition('/')[0] not in names[:names.index(name)]] == []


def test_it_carries_the_preflight_of_the_packages(archive):
    assert read(archive, 'roles/preflight/files/nova-cascading-preflight').decode() == preflight.text()


def test_it_says_what_galaxy_yml_says(archive):
    told = json.loads(read(archive, 'MANIFEST.json'))['collection_info']
    assert (told['namespace'], told['name'], told['license']) == ('nova_cascading', 'fleet', ['Apache-2.0'])
    assert told['version'].startswith(project.stated('version') + '.'), 'ansible/galaxy.yml has not followed'
    assert told['tags'] and 'build_ignore' not in told


def test_nothing_is_decided_from_text_that_is_for_people():
    commands = [line for path in ANSIBLE.rglob('*.yml') for line in path.read_text().splitlines()
                if re.search(r'(cmd|argv): .*nova-cascading.*(status|mapping|db)\b', line)]
    assert len(commands) > 5
    assert [line for line in commands if 'json' not in line] == []


def test_no_template_has_an_escape_that_ansible_leaves_as_two_characters():
    """A line end in a template is one only where YAML makes it, between double quotes."""
    lines = [f'{path.name}: {line}' for path in ANSIBLE.rglob('*.yml') for line in path.read_text().splitlines()]
    escapes = [line for line in lines if re.search(r'\\[nrt]', line)]
    assert len(escapes) > 2
    assert [line for line in escapes if '"' not in re.split(r'\\[nrt]', line)[0]] == []
