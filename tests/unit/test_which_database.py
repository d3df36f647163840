"""Which database is nova's: the one that nova itself would use, from whichever file, and none that nobody chose."""

import os
import sqlite3
import sys
import types

import pytest


@pytest.fixture
def host(load, tmp_path, monkeypatch):
    """Reads configurations as on a host whose distribution ships defaults, with or without services of a controller."""
    config = load('config')
    monkeypatch.setattr(load('conffiles'), 'SHIPPED', str(tmp_path / 'nova-dist.conf'))
    monkeypatch.setattr(load('installed'), 'places', lambda: (str(tmp_path / 'bin'),))
    monkeypatch.setattr(config.cfg, 'find_config_files', lambda **_: [str(tmp_path / 'nova.conf')])
    (tmp_path / 'nova.conf').write_text('')
    (tmp_path / 'bin').mkdir()

    def found():
        databases = load('database.databases')
        conf = config.read()
        answers, problems = databases.ask(conf, lambda opened: opened.server.columns('instances') or opened.raises())
        return [(one.name, one.url) for one, _ in answers], [problem.status for problem in problems], conf

    return types.SimpleNamespace(found=found, path=tmp_path, config=config, load=load)


def tables(path):
    with sqlite3.connect(path) as made:
        made.executescript('CREATE TABLE instances (id INTEGER); CREATE TABLE shadow_instances (id INTEGER)')
    return f'sqlite:///{path}'


def ships(host, url):
    (host.path / 'nova-dist.conf').write_text(f'[database]\nconnection = {url}\n')


def installs(host, service):
    (host.path / 'bin' / service).write_text('')


def test_what_the_distribution_ships_counts_on_a_controller(host):
    """RDO's openstack-db --init leaves the database there: `connection` stands in nova-dist.conf alone."""
    url = tables(host.path / 'nova.sqlite')
    ships(host, url)
    installs(host, 'nova-conductor')
    found, problems, conf = host.found()
    assert (found, problems) == ([('main', url)], [])
    assert host.config.source(conf) == str(host.path / 'nova-dist.conf')


def test_what_the_distribution_ships_is_left_alone_on_a_compute_host(host):
    ships(host, tables(host.path / 'nova.sqlite'))
    installs(host, 'nova-compute')
    assert host.found()[:2] == ([], [])


def test_what_the_distribution_ships_and_nobody_made_is_no_database(host):
    ships(host, f'sqlite:///{host.path}/absent.sqlite')
    installs(host, 'nova-api')
    assert host.found()[:2] == ([], [])


AWAY = 'mysql+absent://nova:topsecret@db/nova'  # cannot be asked


def names(host, url, more=''):
    (host.path / 'nova.conf').write_text(f'[database]\nconnection = {url}\n{more}')
    return ['--config-file', str(host.path / 'nova.conf')]


def foreseen(host, conf):
    for name in ('terminal', 'migration.feasibility', 'database.databases'):
        host.load(name)
    return host.load('host.preflight').verdict(sys.modules['nova.cascading'], conf)


@pytest.mark.parametrize('key', ['database', 'api_database'])
def test_on_a_compute_host_a_database_that_cannot_be_asked_is_left_alone_and_told(host, capsys, key):
    """One nova.conf for all hosts, and a firewall; Debian's nova-common brings the WSGI programs along."""
    for program in ('nova-compute', 'nova-manage', 'nova-api-wsgi', 'nova-rootwrap-daemon'):
        installs(host, program)
    conf = names(host, AWAY)
    (host.path / 'nova.conf').write_text(f'[{key}]\nconnection = {AWAY}\n')
    for words in (['sync', '--auto'], ['check'], ['check', '--gate'], ['sync', '--format', 'json']):
        assert host.load('cli').main(['db', *words, *conf]) == 0
        out, err = capsys.readouterr()
        assert 'left alone, as no service of this host reads databases' in err and 'topsecret' not in err
        assert 'names no database' not in out
    assert '"state": "left alone"' in out
    assert foreseen(host, conf) == 0
    assert 'left alone' in capsys.readouterr().out


@pytest.mark.parametrize(('programs', 'more'), [
    ([], ''), (['nova-compute', 'nova-conductor'], ''), (['nova-manage'], ''), (['nova-compute', 'nova-of-ours'], ''),
    (['nova-compute'], '[conductor]\nuse_local = true\n'), (['nova-compute'], '[conductor]\nuse_local = what\n')])
def test_where_something_may_read_databases_one_that_cannot_be_asked_is_waited_for(host, capsys, programs, more):
    """In doubt it is a reader: a controller of a virtualenv alone, programs that nobody knows, Icehouse's use_local."""
    for program in programs:
        installs(host, program)
    conf = names(host, AWAY, more)
    assert host.load('cli').main(['db', 'sync', '--auto', *conf]) == 2
    assert 'left alone' not in capsys.readouterr().err
    assert foreseen(host, conf) == 3


def test_on_a_compute_host_a_database_that_answers_and_lacks_the_column_gets_it(host, capsys):
    installs(host, 'nova-compute')
    conf = names(host, tables(host.path / 'nova.sqlite'))
    assert host.load('cli').main(['db', 'check', *conf]) == 1
    assert host.load('cli').main(['db', 'sync', '--auto', *conf]) == 0
    assert host.load('cli').main(['db', 'check', *conf]) == 0


def test_a_virtualenvs_programs_lie_beside_its_python(load, tmp_path, monkeypatch):
    installed = load('installed')
    monkeypatch.setattr(installed.sys, 'executable', str(tmp_path / 'python'))
    for name, is_sure in (('nova-compute', True), ('nova-conductor', False)):
        (tmp_path / name).write_text('')
        monkeypatch.setattr(installed, 'places', lambda places=installed.places: places()[-1:])
        assert installed.only_compute() == is_sure


def test_what_an_administrator_chose_goes_before(host):
    url = tables(host.path / 'chosen.sqlite')
    ships(host, 'sqlite:////shipped')
    (host.path / 'nova.conf').write_text(f'[database]\nconnection = {url}\n')
    found, problems, conf = host.found()
    assert (found, problems) == ([('main', url)], [])
    assert not conf.shipped and host.config.source(conf) == str(host.path / 'nova.conf')


def test_references_lead_to_options_that_only_nova_knows(host):
    (host.path / 'nova.conf').write_text(
        '[DEFAULT]\nsecret_word = p$$w\n[place]\nserver = db1\n'
        '[database]\nconnection = mysql+pymysql://nova:$secret_word@${place.server}/nova\n')
    assert host.config.connection(host.config.read()) == 'mysql+pymysql://nova:p$w@db1/nova'


@pytest.mark.parametrize(('url', 'whole'), [
    ('mysql://db/nova', 'mysql://db/nova?ssl_ca=/ca.pem&charset=utf8'),
    ('mysql://db/nova?a=b', 'mysql://db/nova?a=b&ssl_ca=/ca.pem&charset=utf8')])
def test_oslo_db_adds_parameters(host, url, whole):
    (host.path / 'nova.conf').write_text(f'[database]\nconnection = {url}\n'
                                         'connection_parameters = ssl_ca=/ca.pem&charset=utf8\n')
    assert host.config.connection(host.config.read()) == whole


@pytest.mark.parametrize('text', [
    'password topsecret\n', '  topsecret\n', '[topsecret\n', '= topsecret\n', '[cascading]\nlock_retries = topsecret\n',
    '[database]\nconnection = topsecret\n', '[database]\nconnection = nova:topsecret@db/nova\n',
    '[database]\nconnection = mysql:/nova:topsecret@db/nova\n', '[database]\nconnection = my l://u:topsecret@db/nova\n'])
def test_a_password_in_the_wrong_place_is_not_printed(host, capsys, text):
    (host.path / 'nova.conf').write_text('[keystone_authtoken]\n' + text)
    conf = ['--config-file', str(host.path / 'nova.conf')]
    assert host.load('cli').main(['db', 'check', *conf]) == 2
    said = capsys.readouterr().err
    assert 'topsecret' not in said and 'correct' in said


def test_a_line_that_cannot_be_read_is_named_by_its_number(host):
    (host.path / 'nova.conf').write_text('[DEFAULT]\n\npassword topsecret\n')
    with pytest.raises(host.load('errors').Unreachable, match='nova.conf, line 3 is neither'):
        host.config.read()


@pytest.mark.parametrize('is_usual', [False, True])
def test_a_directory_that_may_not_be_listed_is_not_taken_for_an_empty_one(host, monkeypatch, is_usual):
    (host.path / 'closed').mkdir()
    closed, access = str(host.path / 'closed'), os.access
    monkeypatch.setattr(host.config.os, 'access', lambda path, mode: path != closed and access(path, mode))
    monkeypatch.setattr(host.config.cfg, 'find_config_dirs', lambda **_: [closed] if is_usual else [], raising=False)
    with pytest.raises(host.load('errors').Unreachable, match='closed: you may not read it\n  run this as root'):
        host.config.read([str(host.path / 'nova.conf')], None if is_usual else [closed])


def test_what_lies_in_a_directory_is_looked_at_before_it_is_read(host, monkeypatch):
    (host.path / 'some').mkdir()
    os.mkfifo(host.path / 'some/pipe.conf')
    with pytest.raises(host.load('errors').Unreachable, match='pipe.conf: is a pipe, and no file'):
        host.config.read([str(host.path / 'nova.conf')], [str(host.path / 'some')])
    (host.path / 'some/pipe.conf').unlink()
    (host.path / 'some/closed.conf').write_text('')
    access = os.access
    monkeypatch.setattr(host.config.os, 'access', lambda path, mode: 'closed' not in path and access(path, mode))
    with pytest.raises(host.load('errors').Unreachable, match='closed.conf: you may not read it\n  run this as root'):
        host.config.read([str(host.path / 'nova.conf')], [str(host.path / 'some')])


def test_a_file_that_is_named_counts_for_more_than_the_directories_that_nova_reads_unasked(host, monkeypatch):
    """`--config-file /etc/nova/nova.conf --config-file FILE`, with a FILE that names another user."""
    for name, user in (('nova.conf', 'nova'), ('nova.conf.d/db.conf', 'nova'), ('file', 'admin')):
        (host.path / name).parent.mkdir(exist_ok=True)
        (host.path / name).write_text(f'[database]\nconnection = mysql://{user}@db/nova\n')
    monkeypatch.setattr(host.config.cfg, 'find_config_dirs', lambda *_, **__: [str(host.path / 'nova.conf.d')],
                        raising=False)
    conf = host.config.read([str(host.path / 'nova.conf'), str(host.path / 'file')])
    assert host.config.connection(conf) == 'mysql://admin@db/nova'
    assert host.config.source(conf) == str(host.path / 'file')
    assert host.config.connection(host.config.read()) == 'mysql://nova@db/nova'


@pytest.mark.parametrize(('url', 'is_needed'), [
    ('mysql+pymysql://nova@localhost/nova', True), ('mysql+pymysql://nova@db/nova?unix_socket=/run/s', True),
    ('postgresql:///nova', True), ('postgresql://nova@/nova?host=/run/postgresql', True),
    ('mysql+pymysql://nova:secret@10.0.0.1/nova', False), ('postgresql://nova@db/nova', False),
    ('sqlite:////var/lib/nova/nova.sqlite', False)])
def test_root_connects_as_nova_where_the_server_may_ask_the_system(load, monkeypatch, url, is_needed):
    systemuser = load('database.systemuser')
    monkeypatch.setattr(systemuser.os, 'geteuid', lambda: 0)
    monkeypatch.setattr(systemuser.pwd, 'getpwnam', lambda name: types.SimpleNamespace(pw_uid=100))
    from sqlalchemy.engine.url import make_url
    assert systemuser.is_needed(make_url(url)) == is_needed


@pytest.mark.parametrize('thing', [Exception(1045, 'Accès refusé'), 'é', b'caf\xe9', Exception(b'\xff'), None])
def test_messages_in_any_language_can_be_told_anywhere(load, thing, monkeypatch, capsysbinary):
    import io
    import sys
    errors, terminal = load('errors'), load('terminal')
    raw = io.BytesIO()
    monkeypatch.setattr(sys, 'stdout', io.TextIOWrapper(raw, encoding='ascii'))
    terminal.say(errors.text(thing))
    assert raw.getvalue().endswith(b'\n') and raw.getvalue().isascii()


def test_nobody_listening_stops_nothing(load, monkeypatch):
    import os
    import sys
    out, into = os.pipe()
    os.close(out)
    with os.fdopen(into, 'w') as stream:
        monkeypatch.setattr(sys, 'stdout', stream)
        for _ in range(3):
            load('terminal').say('a line')


@pytest.mark.parametrize('line', ['lock_wait_timeout = 0', 'lock_wait_timeout = 99999999999', 'lock_retries = -1',
                                  'max_wait = -5'])
def test_a_wait_without_end_or_an_attempt_less_than_none_is_told_and_nothing_tried(host, line):
    (host.path / 'nova.conf').write_text(f'[cascading]\n{line}\n')
    with pytest.raises(host.load('errors').Unreachable, match=line.partition(' ')[0]):
        host.config.read()


@pytest.mark.parametrize('line', ['lock_wait_timeout = 1', 'lock_retries = 0', 'max_wait = 0', 'max_wait = 604800'])
def test_the_least_and_the_most_that_make_sense_are_taken(host, line):
    (host.path / 'nova.conf').write_text(f'[cascading]\n{line}\n')
    assert host.config.read()


def test_a_driver_is_imported_once_and_not_by_each_process_that_asks(host, monkeypatch):
    noted = host.path / 'noted'
    (host.path / 'pymysql.py').write_text(
        f'import os\nopen({str(noted)!r}, "a").write("%d\\n" % os.getpid())\n'
        'paramstyle, Error, __version__ = "format", Exception, "1.0"\n'
        'def connect(*words, **options):\n    raise Error("no server")\n')
    monkeypatch.syspath_prepend(host.path)
    monkeypatch.setitem(sys.modules, 'pymysql', None)  # afterwards it is again what it was
    del sys.modules['pymysql']
    (host.path / 'nova.conf').write_text('[database]\nconnection = mysql+pymysql://nova@127.0.0.1/nova\n'
                                         '[api_database]\nconnection = mysql+pymysql://nova@127.0.0.1/nova_api\n')
    assert host.found()[1] == [2]
    assert noted.read_text().split() == [str(os.getpid())]
