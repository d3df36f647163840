"""nova from PyPI in a virtualenv: pip takes the fork from our index and stock nova back, and nothing else changes."""

from __future__ import annotations

import json

import pytest

from tests import repositories
from tests.hosts.lib import debs, packages, unpackaged, virtualenv
from tests.hosts.lib.cloud import Cloud
from tests.hosts.lib.services import wait_for, wait_for_conductor
from tests.repositories import Publisher

CHANGED = {'nova/db/main/models.py', 'nova/db/migration.py', 'nova/objects/instance.py'}
API = '''
from wsgiref.simple_server import make_server
try:
    from nova.wsgi.osapi_compute import application
except ImportError:  # before 2024
    from nova.api.openstack import wsgi_app
    application = wsgi_app.init_application("osapi_compute")
make_server("127.0.0.1", 8774, application).serve_forever()
'''


@pytest.fixture(scope='module', params=[debs.everywhere('26.3.0'), '34.0.0'])  # 651 has the one of Debian 12
def nova(request):
    return virtualenv.NOVAS[request.param]


@pytest.fixture(scope='module')
def repo(tmp_path_factory, nova):
    with repositories.signer() as home:
        publisher = Publisher(tmp_path_factory.mktemp('pypi') / 'repo', home)
        publisher('publish', packages.made_by('sdist', nova[0].version), '--url', virtualenv.URL)
        yield publisher


@pytest.fixture(scope='module')
def host(module_host, nova, repo):
    """Stock nova with its databases, RabbitMQ, and two indexes; pip uses stock's unless told otherwise."""
    host = module_host(nova[0].suite, nova[1])
    host.put(repo.root, '/srv/repo')
    host.serve('/srv/repo', 8000)
    host.serve(virtualenv.STOCK, 8001)
    host.write('/etc/pip.conf', f'[global]\nindex-url = {virtualenv.STOCK_URL}\ndisable-pip-version-check = true\n')
    host.start_mariadb()
    host.start_rabbit()
    # As pip of this host makes it: that of the layer was called as another python.
    host.run(f"'{nova[0].programs}/pip' install -q --no-deps --force-reinstall nova=={nova[0].version}")
    host.before = virtualenv.files(host, nova[0])
    return host


@pytest.fixture(scope='module')
def cloud(host, nova):
    def restart():
        made.stop_conductor('conductor')
        made.start_conductor('conductor')
        wait_for_conductor(host)
    made = Cloud(host, restart, nova[0].python, nova[0].programs)
    host.run('mysqldump nova | mysql nova_cell0')  # what db sync would make of it, but at once
    host.run(f"cp -r '{nova[0].programs}/../etc/nova/.' /etc/nova/")
    made.manage('cell_v2 map_cell0')
    made.manage('cell_v2 create_cell --name cell1')
    return made


@pytest.fixture(scope='module')
def steps(repo):
    """What the page has a person type."""
    requirements, install, sync = virtualenv.commands((repo.root / 'index.html').read_text())
    return [f"cat >nova-cascading.txt <<'END'\n{requirements}\nEND", install, sync]


def swap(cloud, steps):
    for step in steps[:2]:
        cloud.run(step)
    return virtualenv.files(cloud.host, cloud.nova)


@pytest.fixture(scope='module')
def forked(cloud, nova, steps):
    """The cloud after the page's steps, with its conductor at work."""
    cloud.nova = nova[0]
    cloud.files = swap(cloud, steps)
    cloud.manage(steps[2].removeprefix('nova-manage '))
    cloud.start_conductor('conductor')
    wait_for_conductor(cloud.host)
    return cloud


def test_pip_exchanges_the_delta_and_nothing_else(forked, nova):
    before, after = forked.host.before, forked.files
    below = f'lib/{nova[0].parent.split("/lib/")[1]}/'
    info = f'{below}nova-{nova[0].version}.dist-info/'
    changed = {path for path in before.keys() & after.keys() if before[path] != after[path]}
    assert {path.removeprefix(below) for path in changed if not path.startswith(info)} == CHANGED
    added = {path for path in after.keys() - before.keys() if not path.startswith(info)}
    assert all(path.startswith(f'{below}nova/cascading/') or path == 'bin/nova-cascading' for path in added)
    assert f'{below}nova/cascading/host/nova-services' in added
    assert {path for path in before.keys() - after.keys() if not path.startswith(info)} == set()
    assert forked.run('python -m pip check').out == 'No broken requirements found.\n'


def test_the_column_came_with_db_sync_and_the_tool_says_what_this_is(forked, nova):
    assert forked.run('nova-cascading db check').status == 0
    assert forked.run('nova-cascading --version').out.startswith('nova-cascading ')
    facts = json.loads(forked.run('nova-cascading status --format json').out)
    said = next(fact['detail'] for fact in facts if fact['kind'] == 'package')
    assert said in forked.run('python -m pip show nova').out and 'revision 1' in said
    assert [fact['state'] for fact in facts if fact['kind'] == 'conductor'] == ['keeps']


def test_a_mapping_goes_through_a_real_conductor(forked):
    instance, server = forked.mapped()
    assert forked.client('get', instance) == server
    assert forked.tool(f'find {server}')[0]['instance_uuid'] == instance


def test_the_api_comes_up(forked, nova):
    forked.host.spawn(f"exec '{nova[0].python}' -c '{API}' >/var/log/api.log 2>&1")
    asked = "curl -s http://127.0.0.1:8774/ | grep -q '\"versions\"' || { tail -n 5 /var/log/api.log; false; }"
    wait_for(forked.host, asked)


def test_services_without_an_init_system_are_told_to_a_person(forked):
    said = forked.run('nova-cascading services restart-running').out
    assert 'none was restarted' in said and 'conductor first' in said


def test_where_pips_index_is_ours_the_way_back_is_refused_before_anything_changes(forked):
    line = f'PIP_INDEX_URL={virtualenv.URL}/pypi/simple/ nova-cascading uninstall --yes'
    done = forked.run(line, check=False)
    assert done.status == 1 and 'is the fork again' in done.err and '--from' in done.err
    assert virtualenv.files(forked.host, forked.nova) == forked.files


def test_a_nova_that_pip_has_put_elsewhere_is_left_alone(forked, nova):
    """pip would put another one into the virtualenv."""
    forked.run(f'python -m pip install -q --no-deps --no-compile --index-url {virtualenv.URL}/pypi/simple/ '
               f'--target /srv/elsewhere nova=={nova[0].version}')
    line = 'PYTHONPATH=/srv/elsewhere python -m nova.cascading uninstall --yes'
    done = forked.run(line, check=False)
    assert done.status == 1 and 'pip would leave the nova in /srv/elsewhere as it is' in done.err
    assert virtualenv.files(forked.host, forked.nova) == forked.files


def test_the_way_back_and_forward_again_leaves_no_file_behind(forked, steps):
    instance, server = forked.mapped()
    forked.hang_up()
    printed = forked.run('nova-cascading uninstall').out
    assert 'pip --disable-pip-version-check install --no-deps --force-reinstall' in printed
    forked.run('nova-cascading uninstall --yes')
    now = virtualenv.files(forked.host, forked.nova)
    assert now == forked.host.before
    assert forked.host.sql(f"SELECT mapping_uuid FROM instances WHERE uuid = '{instance}'") == [(server,)]
    forked.restart()  # stock code on a database that has the column
    assert forked.client('get', instance) == 'no such field'
    forked.hang_up()
    assert swap(forked, steps) == forked.files
    assert forked.manage('db sync').status == 0
    forked.restart()
    assert forked.client('get', instance) == server


def test_the_installer_sees_that_pip_has_the_fork(forked, nova):
    forked.host.put(unpackaged.bundle(nova[0].version), '/srv/bundle')
    done = forked.run('sh /srv/bundle/installation/install.sh --dry-run', check=False)
    assert done.status == 1 and 'pip' in done.err + done.out
    assert virtualenv.files(forked.host, forked.nova) == forked.files


def test_beside_stocks_index_pip_takes_the_fork_for_its_build_tag(forked, nova):
    """Without a hash: two wheels of one version."""
    ask = (f'python -m pip install --dry-run --no-deps --force-reinstall --index-url {virtualenv.URL}/pypi/simple/ '
           f'--extra-index-url {virtualenv.STOCK_URL} nova=={nova[0].version}')
    assert 'cascading' in forked.run(ask).out
