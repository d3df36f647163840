"""Which databases a nova has, over which message bus each is written to, and what its conductors' answers mean."""

import sqlite3
import sys
import time
import types

import pytest

CELL0 = '00000000-0000-0000-0000-000000000000'
CELLS = 'CREATE TABLE cell_mappings (id INTEGER PRIMARY KEY, uuid TEXT, name TEXT, database_connection TEXT, ' \
        'transport_url TEXT)'


@pytest.fixture
def found(load, tmp_path):
    """Gives (name, message bus) of each database, by the rows of cell_mappings and [database] connection."""
    def ask(main, *cells):
        with sqlite3.connect(tmp_path / 'api.sqlite') as api:
            api.execute(CELLS)
            api.executemany('INSERT INTO cell_mappings (uuid, name, database_connection, transport_url) '
                            'VALUES (?, ?, ?, ?)', cells)
        conf = tmp_path / 'nova.conf'
        conf.write_text(f'[database]\nconnection = {main}\n'
                        f'[api_database]\nconnection = sqlite:///{tmp_path}/api.sqlite\n')
        databases, problems = load('database.databases').of(load('config').read([str(conf)]))
        assert problems == []
        return [(database.name, database.transport) for database in databases]
    return ask


def test_each_cell_has_the_message_bus_that_the_api_database_names(found):
    assert found('sqlite:////zero', (CELL0, 'cell0', 'sqlite:////zero', 'none:///'),
                 ('1', 'west', 'sqlite:////west', 'rabbit://west/'), ('2', None, 'sqlite:////east', 'rabbit://east/'),
                 ) == [('main', None), ('west', 'rabbit://west/'), ('2', 'rabbit://east/')]


def test_a_cell_without_a_database_is_there_and_cannot_be_asked(found, load):
    """nova's table lets the column be NULL."""
    assert found('sqlite:////main', ('1', 'west', None, None)) == [('main', None), ('west', None)]
    with pytest.raises(load('errors').Unreachable, match='west: its connection string cannot be used'):
        load('database.databases').Database('west', '').engine()


def test_a_cell_whose_database_is_the_main_one_is_one_with_it_and_keeps_its_bus(found):
    assert found('sqlite:////west', (CELL0, 'cell0', 'sqlite:////zero', 'none:///'),
                 ('1', 'west', 'sqlite:////west', 'rabbit://west/')) == [('main', 'rabbit://west/'), ('cell0', None)]


@pytest.mark.parametrize('options', [
    ('host=/run/one', 'host=/run/two'), ('host=db1&host=db2', 'host=db1&host=db3'), ('port=5432', 'port=5433'),
    ('service=one', 'service=two'), ('dbname=one', 'dbname=two')])
def test_databases_are_told_apart_by_options_that_lead_to_another_server(load, options):
    databases = load('database.databases')
    one, other = [databases.Database('x', f'postgresql+psycopg2://u:secret@/nova?{option}') for option in options]
    assert one.identity != other.identity and str(one) != str(other)
    assert 'secret' not in str(one)


@pytest.mark.parametrize('options', [
    ('read_default_file=/etc/one.cnf', 'read_default_file=/etc/two.cnf'),
    ('read_default_group=one', 'read_default_group=two'), ('unix_socket=/run/one', 'unix_socket=/run/two')])
def test_so_are_those_of_mysqls_drivers(load, options):
    databases = load('database.databases')
    one, other = [databases.Database('x', f'mysql+pymysql:///nova?charset=utf8&{option}') for option in options]
    assert one.identity != other.identity and str(one) != str(other)


@pytest.mark.parametrize('password', ['pass@word', 'pass/word', 'pass@word/tail', 'word/@tail', 'pass%40word'])
def test_no_part_of_a_password_is_in_the_name_of_a_database_whatever_is_in_it(load, password):
    database = load('database.databases').Database('x', f'mysql+pymysql://user:{password}@db-host/nova')
    assert not [part for part in ('pass', 'word', 'tail') if part in str(database)]


def test_what_a_driver_takes_for_the_database_may_be_a_part_of_the_password(load):
    redact = load('redact')
    redact.know('mysql+pymysql://user:pass@word/tail@db-host/nova')
    assert redact.hide("Unknown database 'tail@db-host/nova' on word") == "Unknown database '***@db-host/nova' on ***"


def test_options_that_lead_nowhere_else_make_no_other_database(load):
    databases = load('database.databases')
    urls = 'mysql+pymysql://u@h/nova?charset=utf8', 'mariadb://u@h/nova?charset=utf8mb4&ssl_ca=/x'
    assert len({databases.Database('x', url).identity for url in urls}) == 1


@pytest.mark.parametrize('states, status', [
    ((), 0), (('KEEPS',), 0), (('KEEPS', 'DOWN'), 0), (('DOWN',), 2), (('SILENT',), 2), (('KEEPS', 'SILENT'), 2),
    (('KEEPS', 'LOSES'), 1), (('LOSES', 'SILENT', 'DOWN'), 1), (('KEEPS', 'DOWN', 'UNASKED'), 2)])
def test_what_the_answers_of_a_cells_conductors_mean_together(load, states, status):
    conductors = load('conductors.survey')
    answers = [conductors.Conductor('host', getattr(conductors, state)) for state in states]
    assert conductors.verdict(answers) == status


def test_a_conductor_that_fails_otherwise_cannot_tell(load):
    conductors = load('conductors.survey')
    assert conductors.verdict([conductors.Conductor('host', 'fails: RemoteError')]) == 2


def test_several_errors_are_told_together_with_the_worst_status(load):
    errors = load('errors')
    both = errors.together([errors.CascadingError('no column', 'sync it'), errors.Unreachable('cell2 is away')])
    assert both.status == 2 and 'no column\n  sync it\ncell2 is away' in str(both)


TWO = 'rabbit://one:p1@h1:5672,two:p2@h2:5673/vhost?a=b'


@pytest.mark.parametrize('template, filled', [
    ('{scheme}://{username}:{password}@{hostname}/{path}?{query}', 'mysql://nova:secret@10.0.0.1/nova?charset=utf8'),
    ('mysql://x@{hostname}:{port}/y', 'mysql://x@10.0.0.1:3306/y'),
    ('mysql://x@{hostname1}/y', 'mysql://x@{hostname1}/y'), ('mysql://x@{0}/y', 'mysql://x@{0}/y'),
    ('mysql://x@{hostname.nothing}/y', 'mysql://x@{hostname.nothing}/y'), ('mysql://{', 'mysql://{')])
def test_a_cells_template_takes_its_fields_from_nova_conf_as_in_nova(load, template, filled):
    main = 'mysql://nova:secret@10.0.0.1:3306/nova?charset=utf8'
    assert load('database.celltemplate').fill_in(template, main) == filled


def test_a_cells_template_takes_what_nova_conf_says_and_connection_parameters_once(load, tmp_path, monkeypatch):
    databases, asking = load('database.databases'), load('database.asking')
    rows = [('1', 'west', '{scheme}://{username}:{password}@{hostname}/west?{query}', None),
            ('2', 'east', 'mysql://east/nova', None)]
    monkeypatch.setattr(databases, '_mappings', lambda api: rows)
    monkeypatch.setattr(asking, 'all_of', lambda *_, **__: [asking.Answer(rows, None)])
    (tmp_path / 'nova.conf').write_text('[database]\nconnection = mysql://u:p@h/nova?charset=utf8\n'
                                        'connection_parameters = ssl_ca=/ca.pem\n')
    conf = load('config').read([str(tmp_path / 'nova.conf')])
    assert [one.url for one in databases._cells('sqlite://', conf, asking.Deadline())] == [
        'mysql://u:p@h/west?charset=utf8&ssl_ca=/ca.pem', 'mysql://east/nova?ssl_ca=/ca.pem']


def test_a_message_bus_that_nobody_can_read_is_no_bug_and_names_no_password(load, tmp_path, monkeypatch):
    buses, errors = load('conductors.bus'), load('errors')

    def fail(*_, **__):
        raise ValueError("No scheme specified in 'nova:topsecret@rabbit/'")
    monkeypatch.setitem(sys.modules, 'nova.config', types.SimpleNamespace(parse_args=fail))
    monkeypatch.setitem(sys.modules, 'nova.rpc', types.SimpleNamespace(TRANSPORT=None))
    monkeypatch.setattr(sys.modules['nova'], 'config', sys.modules['nova.config'], raising=False)
    monkeypatch.setattr(sys.modules['nova'], 'rpc', sys.modules['nova.rpc'], raising=False)
    monkeypatch.setattr(buses.cfg, 'CONF', types.SimpleNamespace(transport_url='nova:topsecret@rabbit/'))
    (tmp_path / 'nova.conf').write_text('')
    with pytest.raises(errors.Unreachable, match='the message bus cannot be used: No scheme') as raised:
        buses.Bus(load('config').read([str(tmp_path / 'nova.conf')]))
    assert 'topsecret' not in str(raised.value) and 'correct transport_url' in str(raised.value)
    bus, west = object.__new__(buses.Bus), load('database.databases').Database('west', 'sqlite:////west')
    bus._clients, bus._connect = {}, fail
    with pytest.raises(errors.Unreachable, match='the message bus of database west cannot be used'):
        bus.of(west)


def test_each_host_of_a_message_bus_has_a_password(load):
    redact = load('redact')
    redact.know('rabbit://nova:one@h1:5672,nova:other@h2:5672/')
    assert redact.hide('nova:other@h2:5672') == 'nova:***@h2:5672'


def test_cells_of_one_name_are_called_by_their_uuids(found):
    assert [name for name, _ in found('sqlite:////main', ('1', 'main', 'sqlite:////a', None), (
        '2', 'west', 'sqlite:////b', None), ('3', 'west', 'sqlite:////c', None), (
        CELL0, 'cell0', 'sqlite:////zero', None))] == ['main', '1', '2', '3', 'cell0']


@pytest.mark.parametrize('main, template, filled', [
    (TWO, '{scheme}://{username1}:{password1}@{hostname1}:{port1},{username2}:{password2}@{hostname2}:{port2}/{path}',
     'rabbit://one:p1@h1:5672,two:p2@h2:5673/vhost'),
    ('rabbit://u:p@[::1]:5672,u:p@[::2]/', 'rabbit://{hostname1} {port1} {hostname2} {port2}',
     'rabbit://::1 5672 ::2 None'),
    ('rabbit://h1:5672,h2:5673/', 'rabbit://{hostname1}/', 'rabbit://{hostname1}/')])
def test_several_hosts_in_one_url_have_numbered_fields(load, main, template, filled):
    assert load('database.celltemplate').fill_in(template, main) == filled


def ago(seconds):
    return time.strftime('%Y-%m-%d %H:%M:%S.000', time.gmtime(time.time() - seconds))


@pytest.mark.parametrize('options, seconds', [
    ({}, 60), ({'service_down_time': 300, 'report_interval': 10}, 300),
    ({'service_down_time': 60, 'report_interval': 120}, 300), ({'service_down_time': 10, 'report_interval': 10}, 25)])
def test_a_conductor_is_down_when_nova_says_so(load, options, seconds):
    conductors = load('conductors.survey')
    late = conductors.down_time(types.SimpleNamespace(**options))
    assert late == seconds
    assert conductors.is_up(ago(seconds - 5), late) and conductors.is_up(ago(5 - seconds), late)
    assert not conductors.is_up(ago(seconds + 5), late) and not conductors.is_up(None, late)


@pytest.mark.parametrize('column', ['updated_at', 'last_seen_up'])
def test_a_conductor_that_has_not_reported_is_asked_as_well_and_may_lose_mappings(load, tmp_path, monkeypatch, column):
    path = tmp_path / 'cell.sqlite'
    with sqlite3.connect(path) as cell:
        cell.execute('CREATE TABLE services (host TEXT, topic TEXT, deleted INTEGER, created_at TEXT, updated_at TEXT'
                     + (', last_seen_up TEXT)' if column == 'last_seen_up' else ')'))
        cell.executemany(f'INSERT INTO services (host, topic, deleted, created_at, {column}) VALUES (?, ?, ?, ?, ?)', [
            ('back', 'conductor', 0, ago(9000), ago(900)), ('gone', 'conductor', 0, ago(900), None),
            ('here', 'conductor', 0, ago(900), ago(5)), ('old', 'conductor', 7, ago(900), ago(5)),
            ('other', 'compute', 0, ago(900), ago(5))])
    conductors = load('conductors.survey')
    answers = {'back': conductors.LOSES, 'gone': conductors.SILENT, 'here': conductors.KEEPS}
    asked = []
    monkeypatch.setattr(conductors, 'ask', lambda client, host, seconds: asked.append((host, seconds)) or answers[host])
    bus = types.SimpleNamespace(options=None, of=lambda database: None)
    found = conductors.of(bus, load('database.databases').Database('west', f'sqlite:///{path}'))
    assert asked == [('here', 5), ('back', conductors.BRIEFLY), ('gone', conductors.BRIEFLY)]
    assert [one.state for one in found] == [conductors.LOSES, conductors.DOWN, conductors.KEEPS]
    assert conductors.verdict(found) == 1


@pytest.fixture
def dead_and_back(load, monkeypatch):
    """Asks twelve conductors that do not answer, and one of stock nova that is back; `asked` has who was, and for how
    long."""
    conductors, clock, asked = load('conductors.survey'), [time.time()], []
    monkeypatch.setattr(conductors, 'time', types.SimpleNamespace(
        time=lambda: clock[0], strptime=time.strptime))

    def ask(client, host, seconds):
        asked.append((host, seconds))
        clock[0] += 0 if host == 'back' else seconds
        return conductors.LOSES if host == 'back' else conductors.SILENT

    def run(seen, **options):
        rows = [(f'dead{number}', ago(9000)) for number in range(12)] + [('back', seen)]
        monkeypatch.setattr(conductors, 'reports', lambda database: sorted(rows, key=lambda row: row[1], reverse=True))
        monkeypatch.setattr(conductors, 'ask', ask)
        found = conductors.of(types.SimpleNamespace(options=types.SimpleNamespace(**options), of=lambda _: None), 'db')
        return conductors, {one.host: one.state for one in found}, asked
    return run


def test_whoever_there_was_no_time_to_ask_is_not_taken_for_down(dead_and_back):
    conductors, states, asked = dead_and_back(ago(90000))
    assert len(asked) == 10 and {seconds for _, seconds in asked} == {conductors.BRIEFLY}
    assert states['back'] == conductors.UNASKED and conductors.DOWN in states.values()
    assert conductors.verdict([conductors.Conductor(*one) for one in states.items()]) == 2


@pytest.mark.parametrize('options', [{'servicegroup_driver': 'db'}, {}])
def test_who_reported_last_is_asked_first(dead_and_back, options):
    conductors, states, asked = dead_and_back(ago(100), **options)
    assert asked[0] == ('back', conductors.BRIEFLY) and states['back'] == conductors.LOSES


@pytest.mark.parametrize('driver', ['mc', 'zk'])
def test_where_services_do_not_report_to_the_database_each_has_all_its_time_to_answer(dead_and_back, driver):
    conductors, states, asked = dead_and_back(ago(90000), servicegroup_driver=driver)
    assert len(asked) == 13 and {seconds for _, seconds in asked} == {5}
    assert states['back'] == conductors.LOSES and states['dead0'] == conductors.SILENT


def test_a_file_and_a_link_to_it_are_one_database(found, tmp_path):
    with sqlite3.connect(tmp_path / 'nova.sqlite') as made:
        made.execute('CREATE TABLE instances (id INTEGER)')
    (tmp_path / 'link.sqlite').symlink_to('nova.sqlite')
    assert found(f'sqlite:///{tmp_path}/nova.sqlite',
                 ('1', 'west', f'sqlite:///{tmp_path}/link.sqlite', 'rabbit://west/')) == [('main', 'rabbit://west/')]
