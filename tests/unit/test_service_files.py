"""The files that a service reads of its own: where they alone name the database, it is nova's all the same."""

import types

import pytest


@pytest.fixture
def host(load, tmp_path, monkeypatch):
    """Reads configurations with oslo.config's own search, from a folder in the place of /etc/nova."""
    config, conffiles = load('config'), load('conffiles')
    monkeypatch.setattr(config.cfg, '_get_config_dirs', lambda project=None: [str(tmp_path)])
    monkeypatch.setattr(conffiles, 'SHIPPED', str(tmp_path / 'nova-dist.conf'))
    monkeypatch.setattr(load('installed'), 'programs', lambda: {'nova-conductor', 'nova-api', 'nova-compute'})
    (tmp_path / 'nova.conf').write_text('[DEFAULT]\nhost = one\n')

    def names(name, url, group='database'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f'[{group}]\nconnection = {url}\n')
        return str(tmp_path / name)

    return types.SimpleNamespace(names=names, config=config, path=tmp_path, load=load)


@pytest.fixture
def el(host):
    """Units of EL start services without arguments."""
    host.names('nova-dist.conf', 'mysql://nova:nova@localhost/nova')
    return host


@pytest.mark.parametrize('name', ['nova-conductor.conf', 'nova-conductor.conf.d/db.conf', 'nova-api.conf'])
def test_a_database_that_a_services_own_file_names_is_novas(el, name):
    file = el.names(name, 'mysql://u:p@db/nova')
    conf = el.config.read()
    assert el.config.used(conf) == 'mysql://u:p@db/nova' and 'database' not in conf.shipped
    assert el.config.source(conf) == file
    assert conf.more == [file], 'which the message bus is looked for in, too'


@pytest.mark.parametrize('name', ['nova-compute.conf', 'nova-scheduler.conf', 'nova-scheduler.conf.d/db.conf'])
def test_files_of_programs_that_read_no_database_or_are_not_here_say_nothing(el, name):
    el.names(name, 'mysql://u:p@db/nova')
    assert el.config.read().shipped == ['database']


def test_what_one_service_says_of_one_database_and_another_one_of_the_other_is_put_together(el):
    el.names('nova-conductor.conf', 'mysql://u:p@db/nova')
    el.names('nova-api.conf', 'mysql://u:p@db/nova_api', 'api_database')
    conf = el.config.read()
    assert [el.config.used(conf, group) for group in el.config.GROUPS] == ['mysql://u:p@db/nova',
                                                                          'mysql://u:p@db/nova_api']


def test_services_with_users_of_their_own_have_one_database_and_nova_confs_user_goes_before(el):
    for service in ('api', 'conductor'):
        el.names(f'nova-{service}.conf', f'mysql+pymysql://{service}:p@db/nova?charset=utf8')
    assert el.config.used(el.config.read()).startswith('mysql+pymysql://conductor:p@db')
    el.names('nova.conf', 'mysql://nova:p@db/nova')
    assert el.config.used(el.config.read()) == 'mysql://nova:p@db/nova'


@pytest.mark.parametrize('other', ['nova.conf', 'nova-api.conf'])
def test_another_database_of_a_service_is_looked_after_as_well(el, other, tmp_path):
    one, two = (f'sqlite:///{tmp_path}/{name}' for name in ('one', 'two'))
    el.names(other, one)
    el.names('nova-conductor.conf', two)
    found, problems = el.load('database.databases').of(el.config.read())
    assert sorted(database.url for database in found) == [one, two] and problems == []
    assert found[0].name == 'main' and found[1].name in ('nova-conductor', 'nova-api')


def test_one_database_that_two_files_name_is_one(el, tmp_path):
    for file in ('nova.conf', 'nova-conductor.conf', 'nova-api.conf.d/db.conf'):
        el.names(file, f'sqlite:///{tmp_path}/one')
    assert [one.name for one in el.load('database.databases').of(el.config.read())[0]] == ['main']


def test_debians_units_name_the_file_and_find_only_directories(host):
    """As oslo.config itself has it, for a service that is started with --config-file."""
    host.names('nova-conductor.conf', 'mysql://u:p@db/file')
    assert host.config.used(host.config.read()) is None
    host.names('nova-conductor.conf.d/db.conf', 'mysql://u:p@db/directory')
    assert host.config.used(host.config.read()) == 'mysql://u:p@db/directory'
    service = host.config.cfg.ConfigOpts()
    service.register_opt(host.config.cfg.StrOpt('connection'), group='database')
    service(['--config-file', str(host.path / 'nova.conf')], project='nova', prog='nova-conductor')
    assert service.database.connection == 'mysql://u:p@db/directory'
