"""The Ansible collection: what is in it, and that ansible-galaxy can check it."""

import argparse
import hashlib
import io
import json
import re
import shlex
import subprocess
import sys
import tarfile

import pytest

from builder.commands import collection as command
from builder.common import project
from builder.common.project import PROJECT
from builder.package import collection
from builder.package.rpm import preflight
from builder.repository import keyring, releaserpm

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


def test_the_command_that_is_told_is_one_word_for_each_of_its_own(tmp_path, capsys):
    to = tmp_path / "it's mine"
    command.run(argparse.Namespace(to=to))
    told = shlex.split(capsys.readouterr().out.splitlines()[-1])
    assert told == ['ansible-galaxy', 'collection', 'install', str(to / collection.name())]


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


@pytest.mark.parametrize('suite', ['zed-el9', 'icehouse-el7', 'icehouse-el6'])
def test_its_source_for_yum_is_that_of_the_release_package_to_the_letter(archive, suite):
    """Or else rpm keeps it for ever. Its expressions are such as Python understands as well."""
    names = {'repository_url': 'https://example.org/nova/', 'repository_suite': suite}
    template = read(archive, 'roles/repository/templates/nova-cascading.repo.j2').decode()
    rendered = re.sub('{{ (.*?) }}', lambda match: str(eval(match[1], {}, names)), template)
    assert rendered == releaserpm.repo_file('https://example.org/nova', suite)


def test_its_source_for_apt_says_what_the_keyring_packages_example_says(archive):
    template = read(archive, 'roles/repository/templates/nova-cascading.sources.j2').decode()
    names = {'repository_url': '{url}', 'repository_suite': 'SUITE', 'repository_keyring': '{keyring}'}
    rendered = re.sub('{{ (.*?) }}', lambda match: names[match[1]], template)
    example = (keyring.SHARE / 'nova-cascading.sources').read_text()
    assert told(rendered) == told(example)
    assert f'repository_keyring: /usr/share/keyrings/{keyring.DEB}.gpg' in read(
        archive, 'roles/repository/vars/main.yml').decode()


def told(text):
    return [line for line in text.splitlines() if line and line[0] != '#']


def test_what_judges_virtualenvs_needs_nothing_beside_it_and_names_who_can_write_one(archive, tmp_path):
    (tmp_path / 'trust.py').write_bytes(read(archive, 'roles/fork/files/trust.py'))
    place = tmp_path / 'a virtualenv'
    (place / 'lib/python3/site-packages/nova').mkdir(parents=True)
    (place / 'bin').mkdir()
    for name in 'python', 'nova-cascading':
        (place / 'bin' / name).touch(0o755)

    def judged():
        done = subprocess.run([sys.executable, '-I', tmp_path / 'trust.py', place], capture_output=True, text=True)
        return done.returncode, done.stdout.strip()
    assert judged() == (0, 'nobody else')
    packages = 'lib/python3/site-packages'
    for path in ('bin', 'bin/python', 'bin/nova-cascading', packages, f'{packages}/nova'):
        (place / path).chmod(0o777)
        assert judged() == (1, f'{place / path} can be written by everybody')
        (place / path).chmod(0o755)


def test_it_says_what_galaxy_yml_says(archive):
    told = json.loads(read(archive, 'MANIFEST.json'))['collection_info']
    assert (told['namespace'], told['name'], told['license']) == ('nova_cascading', 'fleet', ['Apache-2.0'])
    assert told['version'].startswith(project.stated('version') + '.'), 'ansible/galaxy.yml has not followed'
    assert told['tags'] and 'build_ignore' not in told


def test_the_page_names_every_playbook_and_no_other_role_or_playbook_than_there_is():
    named = set(re.findall(r'nova_cascading\.fleet\.(\w+)', (PROJECT / 'docs/fleet.md').read_text()))
    playbooks = {path.stem for path in ANSIBLE.glob('playbooks/*.yml')}
    assert playbooks < named <= playbooks | {path.name for path in ANSIBLE.glob('roles/*')}


def test_nothing_is_decided_from_text_that_is_for_people():
    commands = [line for path in ANSIBLE.rglob('*.yml') for line in path.read_text().splitlines()
                if re.search(r'(cmd|argv): .*nova-cascading.*(status|mapping|db)\b', line)]
    assert len(commands) > 5
    assert [line for line in commands if 'json' not in line] == []


def test_no_number_of_a_release_is_compared_as_debians_testing_and_sid_have_none():
    used = [path.name for path in ANSIBLE.rglob('*.yml') if 'distribution_version' in path.read_text()]
    assert used == []


def test_no_template_has_an_escape_that_ansible_leaves_as_two_characters():
    """A line end in a template is one only where YAML makes it, between double quotes."""
    lines = [f'{path.name}: {line}' for path in ANSIBLE.rglob('*.yml') for line in path.read_text().splitlines()]
    escapes = [line for line in lines if re.search(r'\\[nrt]', line)]
    assert len(escapes) > 2
    assert [line for line in escapes if '"' not in re.split(r'\\[nrt]', line)[0]] == []


def test_tasks_of_the_operator_run_only_where_a_failure_of_theirs_is_told():
    """In hook.yml, which says how the host is left and what to do next."""
    names = {name for path in (ANSIBLE / 'roles').glob('*/defaults/main.yml')
             for name in re.findall(r'^(\w+_(?:before|after)):', path.read_text(), re.M)} | {'fleet_canary'}
    assert len(names) == 5
    used = [f'{path.name}: {line.strip()}' for path in ANSIBLE.rglob('tasks/*.yml')
            for line in path.read_text().splitlines() if re.search(rf'{{{{ ({"|".join(names)}) }}}}', line)]
    assert len(used) == 5
    assert [line for line in used if 'fork_hook: ' not in line] == []


def test_whatever_stops_a_run_says_what_to_do_next():
    texts = {str(path): path.read_text() for path in ANSIBLE.rglob('*.yml')}
    stops = [(name, block) for name, text in texts.items()
             for block in re.findall(r'^( +)fail_msg:((?:.*\n)(?:\1  +.*\n)*)', text, re.M)
             + re.findall(r'^( +)ansible\.builtin\.fail:\n((?:\1  +.*\n)*)', text, re.M)]
    assert len(stops) > 15
    assert [(name, block) for name, (_, block) in stops if 'next:' not in block.lower()] == []
