"""A server that accepts a connection and then stays silent holds nobody up for ever."""

import socket
import subprocess
import sys
import threading
import time
import types

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


@pytest.mark.parametrize(('scheme', 'setting'), [('http', ('SETTINGS', ['-c', 'http.lowSpeedLimit=1000', '-c',
                                                                        'http.lowSpeedTime=1'])),
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


class Psycopg2(socket.socket):
    """Its connection, which has been sent a question; as there, close() waits for the lock of that question."""

    status = 1

    def poll(self):
        try:
            return 0 if self.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) else 3
        except BlockingIOError:
            return 1

    def close(self):
        raise AssertionError('waits for ever')


@pytest.fixture
def psycopg2(monkeypatch, load):
    """The function that it waits in, and what makes a connection to a server of this test; its own end comes last."""
    silence, registered = load('database.silence'), []
    monkeypatch.setattr(silence, 'SECONDS', 0.1)
    extensions = types.SimpleNamespace(connection=Psycopg2, set_wait_callback=registered.append, POLL_OK=0,
                                       POLL_READ=1, STATUS_READY=1, STATUS_BEGIN=2)
    module = types.SimpleNamespace(extensions=extensions, OperationalError=RuntimeError)
    monkeypatch.setitem(sys.modules, 'psycopg2', module)
    monkeypatch.setitem(sys.modules, 'psycopg2.extensions', extensions)

    def connect(is_patient):
        ours, servers = socket.socketpair()
        kind = silence.limits('psycopg2', 0.1, is_patient)['connection_factory']
        return kind(fileno=ours.detach()), servers
    return lambda connection: registered[-1](connection), connect


def test_psycopg2_gives_a_silent_server_up_and_leaves_nothing_that_could_still_be_waited_for(psycopg2):
    wait, connect = psycopg2
    connection, server = connect(is_patient=False)
    with pytest.raises(RuntimeError, match='has not answered within 0.1 s'):
        wait(connection)
    assert (connection.recv(1), server.recv(1)) == (b'', b''), 'the line is shut'


def test_a_change_of_a_table_takes_as_long_as_it_takes_whatever_else_this_process_has_asked(psycopg2):
    wait, connect = psycopg2
    connection, server = connect(is_patient=True)
    connect(is_patient=False)
    answer = threading.Timer(0.5, server.send, [b'done'])
    answer.start()
    wait(connection)
    answer.join()


def test_a_server_that_keeps_silent_before_it_lets_us_in_is_given_up_even_then(psycopg2):
    wait, connect = psycopg2
    connection, _server = connect(is_patient=True)
    connection.status = 20
    with pytest.raises(RuntimeError, match='has not answered within 0.1 s'):
        wait(connection)


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
