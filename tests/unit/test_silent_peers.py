"""A server that accepts a connection and then stays silent holds nobody up for ever."""

import socket
import subprocess
import sys
import time

import pytest

from builder.common.errors import BuildError
from builder.common.project import PROJECT
from builder.source import upstream
from builder.source.releases import Pin


@pytest.fixture
def silent():
    """The port of such a server; the kernel accepts for it."""
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        server.listen(16)
        yield server.getsockname()[1]


@pytest.mark.parametrize(('scheme', 'setting'), [('http', ('PATIENCE', ('-c', 'http.lowSpeedLimit=1000', '-c',
                                                                        'http.lowSpeedTime=1'))),
                                                 ('https', ('LIMIT', 2))])
def test_the_download_of_a_release_ends_and_says_where_to_put_a_copy(silent, monkeypatch, tmp_path, scheme, setting):
    monkeypatch.setattr(upstream, 'UPSTREAM', f'{scheme}://127.0.0.1:{silent}/nova')
    monkeypatch.setattr(upstream, *setting)
    start = time.monotonic()
    with pytest.raises(BuildError, match='cannot be reached') as refused:
        upstream._from_git(Pin('2014.1.5', 'git', 'c' * 40), tmp_path)
    assert time.monotonic() - start < 20
    assert 'put nova-2014.1.5.tar.gz into' in refused.value.hint


def test_a_migration_notices_within_two_minutes_that_the_host_of_its_server_is_gone(silent, load):
    with socket.create_connection(('127.0.0.1', silent)) as line:
        load('database.silence').notice_end(line)
        idle, interval, count = [line.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
                                 for name in ('TCP_KEEPIDLE', 'TCP_KEEPINTVL', 'TCP_KEEPCNT')]
    assert 0 < idle + interval * count <= 120


READ = '''
import sys, types
nova = sys.modules['nova'] = types.ModuleType('nova')
nova.__path__ = [sys.argv[1]]
from nova.cascading import config, errors
config.SOURCES = 1
try:
    config.read(sys.argv[2:])
except errors.Unreachable as error:
    print(error)
'''


def test_a_source_of_nova_conf_that_stays_silent_is_given_up(silent, tmp_path):
    """oslo.config itself would wait for ever, and with it the installation of a package."""
    path = tmp_path / 'nova.conf'
    path.write_text('[DEFAULT]\nconfig_source = far\n'
                    f'[far]\ndriver = remote_file\nuri = http://127.0.0.1:{silent}/nova.conf\n')
    # In a process of its own: a worker of xdist may not be in its main thread, which alone can be woken.
    words = [sys.executable, '-B', '-c', READ, PROJECT / 'src/nova', path]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert 'what config_source of nova.conf names does not answer within 1 s' in done.stdout, done.stderr
