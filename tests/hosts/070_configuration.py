"""nova.conf is read as nova reads it, however strange; and nothing is ever asked."""

from __future__ import annotations

import subprocess
from urllib.parse import quote

import pytest

from tests.hosts.lib import debs, packages
from tests.hosts.lib.host import Host

# A password, and how it stands in nova.conf: as part of a URL, in which oslo.config replaces $names.
PASSWORDS = [(plain, quote(plain, safe='')) for plain in (
    'at@sign:and/slash', '100%40 %(x)s $my_ip', 'quote\'double"back\\slash')]
PASSWORDS += [('dollar$sign', 'dollar$$sign'), ('%(x)s#;=[]', '%(x)s#;=[]')]
ADDRESSES = ['$my_ip', '${my_ip}:3306']
STRANGE = ['%', '%%', '%(home)s', '$$literal', '= = =', '[not a section]', '"quoted"', "it's", 'a,b,,c', 'ünïcode',
           '@:@', '{"json": [1, 2]}', '# no comment', '; neither', '  spaces  ', '0x1f', 'C:\\path']


@pytest.fixture(scope='module', params=['bookworm'])  # oslo.config and our reader know no suites
def controller(request, module_host, fork_of) -> Host:
    """A controller whose nova.conf has two thousand more lines, with the fork installed and nobody there to answer."""
    host: Host = module_host(request.param, 'stack')
    host.start_mariadb()
    host.write('/etc/nova/nova.conf', '\n'.join([host.read('/etc/nova/nova.conf'), *legal_lines(2000)]) + '\n')
    host.run('nova-manage db version')
    debs.offer_fork(host, fork_of(request.param, 1, *debs.DEB))
    host.installed = host.run('apt-get install -y python-nova-cascading', timeout=300)
    return host


def legal_lines(count: int) -> list[str]:
    """Lines that oslo.config takes: comments, options nobody knows, values over several lines, sections twice."""
    lines = []
    for number in range(count // 5):
        value = STRANGE[number % len(STRANGE)]
        lines += [f'[strange_{number % 40}]', f'# {value}', f'option_{number} = {value}', f'    continued {number}',
                  f'option_{number}: {value}']
    return lines


def connect_with(host: Host, userinfo: str, address: str = '127.0.0.1') -> None:
    host.run('crudini --set /root/other.conf database connection "$URL"',
             env={'URL': f'mysql+pymysql://{userinfo}@{address}/nova'})
    host.run('crudini --set /root/other.conf DEFAULT my_ip 127.0.0.1')


def outcomes(host: Host) -> dict[str, int]:
    """Whether nova itself, the fork's command and its check before an installation find the database."""
    commands = {'nova': 'nova-manage --config-file other.conf db version',
                'command': 'nova-cascading db check --config-file other.conf',
                'preflight': 'python3 preflight.py --config-file other.conf'}
    host.write('/root/preflight.py', preflight(host))
    return {name: host.run(line, check=False).status for name, line in commands.items()}


def preflight(host: Host) -> str:
    """The check as it travels in the package's preinst."""
    script = host.read(f'/var/lib/dpkg/info/{debs.FORK}.preinst')
    return script.split("<<'END_OF_PREFLIGHT'\n")[1].split('END_OF_PREFLIGHT\n')[0]


def test_a_long_and_strange_nova_conf_installs_without_a_question(controller):
    assert debs.has_column(controller)
    assert [word for word in ('[Y/n]', 'Configuring', 'conffile') if word in controller.installed.out] == []


def test_the_package_has_no_questions_to_ask(fork_of, tmp_path):
    deb = packages.library(fork_of('bookworm', 1, *debs.DEB))
    subprocess.run(['dpkg-deb', '-e', deb, tmp_path], check=True)
    assert [name for name in ('config', 'templates', 'conffiles') if (tmp_path / name).exists()] == []


@pytest.mark.parametrize(('password', 'written'), PASSWORDS)
def test_a_password_with_signs_that_mean_something_elsewhere(controller, password, written):
    escaped = password.replace('\\', '\\\\').replace("'", "\\'")
    controller.sql(f"CREATE OR REPLACE USER strange@localhost IDENTIFIED BY '{escaped}'; "
                   'GRANT ALL ON nova.* TO strange@localhost')
    connect_with(controller, f'strange:{written}')
    assert outcomes(controller) == {'nova': 0, 'command': 0, 'preflight': 0}


@pytest.mark.parametrize('address', ADDRESSES)
def test_an_address_taken_from_another_option(controller, address):
    connect_with(controller, 'nova:nova', address)
    assert outcomes(controller) == {'nova': 0, 'command': 0, 'preflight': 0}


def test_a_wrong_password_is_noticed_and_not_printed(controller):
    connect_with(controller, 'nova:wrong-secret')
    said = controller.run('nova-cascading db check --config-file other.conf 2>&1; '
                          'python3 preflight.py --config-file other.conf 2>&1', check=False).out
    assert outcomes(controller)['command'] == 2
    assert outcomes(controller)['preflight'] == 3
    assert 'wrong-secret' not in said
