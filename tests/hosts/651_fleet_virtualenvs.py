"""A controller whose nova came by pip: Ansible rolls the fork out, finds nothing to do again, runs nothing as root that
others can write, and takes it back."""

from __future__ import annotations

import re

import pytest

from tests import repositories
from tests.hosts.lib import packages, virtualenv
from tests.hosts.lib.fleet import Run, make_control_node
from tests.hosts.lib.kinds import script
from tests.hosts.lib.layers import register
from tests.hosts.lib.services import wait_for, wait_for_conductor
from tests.repositories import Publisher

NOVA, STOCK = virtualenv.NOVAS['26.3.0']
VENV = NOVA.programs.removesuffix('/bin')
UNIT = f'''[Service]
User=nova
ExecStart="{NOVA.programs}/nova-conductor"
[Install]
WantedBy=multi-user.target
'''
register('ansible-virtualenv', base=STOCK, script=script('ansible-virtualenv'))


@pytest.fixture(scope='module')
def repo(tmp_path_factory):
    with repositories.signer() as home:
        publisher = Publisher(tmp_path_factory.mktemp('pypi') / 'repo', home)
        publisher('publish', packages.made_by('sdist', NOVA.version), '--url', virtualenv.URL)
        yield publisher


@pytest.fixture(scope='module')
def host(module_host, repo):
    """Stock nova's conductor under systemd; pip's index is stock's, but for the role."""
    host = module_host(NOVA.suite, 'ansible-virtualenv')
    host.write('/etc/pip.conf', f'[global]\nindex-url = {virtualenv.STOCK_URL}\n')
    host.write('/etc/systemd/system/nova-conductor.service', UNIT)
    host.write('/etc/systemd/system/nova-conductor@.service', UNIT)
    host.run('hostname testhost; systemctl enable mariadb rabbitmq-server nova-conductor')
    host.boot()
    host.put(repo.root, '/srv/repo')
    host.serve('/srv/repo', 8000)
    host.serve(virtualenv.STOCK, 8001)
    make_control_node(host, repo)
    requirement = re.search(r'^nova==.*$', virtualenv.commands((repo.root / 'index.html').read_text())[0], re.M)
    host.write('/root/inventory', f'''[nova_controllers]
testhost ansible_connection=local
[nova_proxies]
[all:vars]
ansible_python_interpreter=/usr/bin/python3
repository_url={virtualenv.URL}
fork_virtualenv="{VENV}"
fork_requirement="{requirement.group()}"
''')
    host.run('mysqldump --no-data nova | mysql nova_cell0')
    host.run(f'cp -r "{VENV}/etc/nova/." /etc/nova/')
    for words in 'map_cell0', 'create_cell --name cell1':
        host.run(f'setpriv --reuid nova --regid nova --init-groups "{NOVA.programs}/nova-manage" cell_v2 {words}')
    wait_for_conductor(host)
    return host


def play(host, playbook, words=''):
    """How it ended, what it said, and how many tasks changed something."""
    run = Run.of(host.run(f'ansible-playbook -i inventory nova_cascading.fleet.{playbook} {words}', check=False))
    return run.status, run.out, sum(run.changed.values())


def test_check_tells_of_it_and_changes_nothing(host):
    before = virtualenv.files(host, NOVA)
    status, said, changed = play(host, 'rollout', '--check --diff')
    assert status == 0 and changed > 0, said
    status, said, changed = play(host, 'check')
    assert status == 0 and changed == 0 and 'stock; its database was not asked (virtualenv)' in said, said
    assert virtualenv.files(host, NOVA) == before


def test_a_virtualenv_that_others_can_write_is_not_run_by_root(host):
    host.before = virtualenv.files(host, NOVA)
    host.run(f'chown nova "{VENV}/lib/python3.11/site-packages"')
    for playbook in 'rollout', 'rollback':
        status, said, changed = play(host, playbook)
        assert status != 0 and changed == 0 and 'site-packages belongs to the user nova' in said, said
    [command] = set(re.findall(r'Next: (chown .*?) \(and so', said.replace('\n', ' ')))
    host.run(command)
    assert virtualenv.files(host, NOVA) == host.before


def test_it_is_rolled_out_by_pip_and_its_service_restarted(host):
    before = host.service('nova-conductor').pid
    status, said, changed = play(host, 'rollout')
    assert status == 0 and changed > 0, said
    assert host.service('nova-conductor').pid not in (0, before)
    assert host.run(f'"{NOVA.programs}/nova-cascading" status').out.count('keeps mappings') == 1


def test_a_second_run_and_an_upgrade_without_a_newer_fork_change_nothing(host):
    for playbook in 'rollout', 'upgrade':
        status, said, changed = play(host, playbook)
        assert status == 0 and changed == 0, said


def test_the_way_back_leaves_stock_nova_at_work_restarted_once(host):
    """An instance of a template is none of the names that nova's services have."""
    host.run('systemctl start nova-conductor@2')
    instance = host.service('nova-conductor@2').pid
    before = host.service('nova-conductor').journal().count('Started nova-conductor')
    status, said, changed = play(host, 'rollback')
    assert status == 0 and changed > 0, said
    now = virtualenv.files(host, NOVA)
    notes = {'nova-cascading.txt', 'nova-cascading.txt.new'}
    assert {path for path in now if now[path] != host.before.get(path)} <= notes
    assert not host.exists(f'{NOVA.programs}/nova-cascading')
    wait_for(host, 'systemctl is-active nova-conductor', 30)
    assert host.service('nova-conductor').journal().count('Started nova-conductor') == before + 1
    assert host.service('nova-conductor@2').pid not in (0, instance)
