"""A fork is made whole, or not at all and every reason is told."""

import ast
import shutil
import subprocess
from textwrap import dedent

import pytest

from builder.common.errors import BuildError
from builder.common.model import Tree
from builder.fork import making, quilt
from tests import fakenova

APPLIED = {
    '2014.1.5': {'orm-column', 'object-field', 'object-from-database', 'conductor-allowed-updates', 'port-profile',
                 'follow-db-sync'},
    '14.1.0': {'orm-column', 'object-field', 'object-from-database', 'port-profile-split', 'follow-db-sync'},
    '26.3.0': {'orm-column', 'object-field', 'object-from-database', 'follow-db-sync'},
}


def tree(path, version='2014.1.5', **changed):
    return Tree(fakenova.write(path, version, **changed), version, f'test {version}')


def patched(to, made):
    """Apply the rendered series with patch(1), as whoever rebuilds the source package does."""
    for name, text in quilt.series(made):
        (to / name).write_bytes(text.encode())
        done = subprocess.run(['patch', '-p1', '--fuzz=0', '-i', name], cwd=to, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
        (to / name).unlink()
    return to


@pytest.mark.parametrize('version', APPLIED)
def test_each_release_gets_the_rules_it_needs(tmp_path, version):
    made = making.make(tree(tmp_path, version))
    assert {result.rule for result in made.report if result.state == 'applied'} == APPLIED[version]
    assert {result.state for result in made.report if result.rule not in APPLIED[version]} == {'not needed'}
    assert all('expected for' in result.why for result in made.report if result.state == 'not needed')


@pytest.mark.parametrize('version', APPLIED)
def test_the_series_applies_without_fuzz_and_gives_the_fork(tmp_path, version):
    made = making.make(tree(tmp_path / 'nova', version))
    result = patched(fakenova.write(tmp_path / 'patched', version), made)
    for patch in made.patches:
        for path, (_, after) in patch.files.items():
            assert (result / path).read_bytes() == after


def test_making_writes_nothing_into_the_tree(tmp_path):
    source = tree(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob('*') if path.is_file()}
    making.make(source)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob('*') if path.is_file()}


def test_a_patched_tree_is_told(tmp_path):
    made = making.make(tree(tmp_path / 'a'))
    path = patched(fakenova.write(tmp_path / 'b'), made)
    with pytest.raises(BuildError, match='is patched already') as caught:
        making.make(Tree(path, '2014.1.5', 'the patched one'))
    assert 'unpatched source' in caught.value.hint


def test_a_half_patched_tree_is_told_with_what_is_there_and_what_is_not(tmp_path):
    half = fakenova.files('2014.1.5')['nova/db/sqlalchemy/models.py'].replace(
        '# stable\n', '# stable\n    mapping_uuid = Column(String(36))\n')
    with pytest.raises(BuildError, match='patched in part') as caught:
        making.make(tree(tmp_path, models=half))
    assert 'there already: orm-column; not there: object-field, object-from-database' in str(caught.value)


def test_every_problem_is_told_at_once(tmp_path):
    source = tree(tmp_path, models='class Instance: pass\n', instance='class (\n',
                  migration='get_engine = 1\ndef db_sync(): pass\n')
    (tmp_path / 'nova/conductor/manager.py').unlink()
    with pytest.raises(BuildError) as caught:
        making.make(source)
    for problem in ('models.py: orm-column: wanted exactly one place', 'instance.py: object-field: it does not parse',
                    'there is no nova/conductor/manager.py', 'migration.py: follow-db-sync: wanted exactly one place'):
        assert problem in str(caught.value)
    assert 'nothing was changed' in str(caught.value)


def test_a_file_that_another_release_has_left_behind_is_told_and_not_changed_in_place_of_the_one_in_use(tmp_path):
    source = tree(tmp_path, '26.3.0')
    old = tmp_path / 'nova/db/sqlalchemy/models.py'
    old.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(tmp_path / 'nova/db/main/models.py', old)
    with pytest.raises(BuildError, match=r'models\.py and nova/db/main/models\.py are of different releases'):
        making.make(source)


def test_a_release_that_surprisingly_needs_no_rule_is_a_conflict(tmp_path):
    with pytest.raises(BuildError, match='a nova 14.1.0 should need this change'):
        making.make(tree(tmp_path, '14.1.0', api=fakenova.NEW_NETWORK.replace('\n    ', '\n')))


@pytest.mark.parametrize('version, file, old, new, told', [
    ('2014.1.5', 'instance', 'db_inst', 'db_instance', 'nothing binds db_inst in Instance._from_db_object'),
    ('14.1.0', 'api', '(self, client, ports)', '(self, client)', 'nothing binds ports in API.allocate_for_instance'),
    ('26.3.0', 'migration', '_get_engine', '_engine_of', 'it relies on `get_engine = $_` or `def get_engine('),
    ('26.3.0', 'migration', 'context=None', 'cell=None', 'it relies on `get_engine = $_` or'),
    ('26.3.0', 'migration', 'sync(version=None, database', 'sync(version=None, target', 'one place like `def db'),
    ('26.3.0', 'migration', 'from', 'def f():\n    from', 'like `from nova.db.sqlalchemy import api as db_session` or'),
])
def test_what_a_change_uses_must_have_the_name_that_it_knows(tmp_path, version, file, old, new, told):
    text = next(text for path, text in fakenova.files(version).items() if path.endswith(f'/{file}.py'))
    with pytest.raises(BuildError) as caught:
        making.make(tree(tmp_path, version, **{file: text.replace(old, new)}))
    assert told in str(caught.value)


@pytest.mark.parametrize('version', ['35.0.0', '35.0.0.0rc1', '35.0.0.0rc1.dev5'])
@pytest.mark.parametrize('network', [fakenova.OLD_NETWORK, fakenova.SPLIT_NETWORK, None])
def test_past_its_releases_a_rule_is_not_needed_whatever_is_there(tmp_path, version, network):
    changes = {'neutron': dedent(network)} if network else {}
    source = tree(tmp_path, version, manager="allowed_updates = ['host']\n", **changes)
    if not network:
        (tmp_path / 'nova/network/neutron.py').unlink()
        (tmp_path / 'nova/conductor/manager.py').unlink()
    states = {result.rule: (result.state, result.why) for result in making.make(source).report}
    assert {rule for rule in states if states[rule][0] == 'applied'} == APPLIED['26.3.0']
    assert states['port-profile-split'] == ('not needed', f'only nova >=14, <17 needs it; expected for {version}')


def test_a_pre_release_of_the_first_one_past_them_may_still_need_it(tmp_path):
    source = tree(tmp_path, '17.0.0.0b1', api=dedent(fakenova.SPLIT_NETWORK))
    assert ('port-profile-split', 'applied') in {(result.rule, result.state) for result in making.make(source).report}


def test_a_file_of_the_fork_that_is_there_already_is_a_conflict(tmp_path):
    source = tree(tmp_path)
    name = next(iter(making.overlay(source)))
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text('')
    with pytest.raises(BuildError, match='is a file of the fork'):
        making.make(source)


def test_the_check_stops_an_edit_that_does_more_than_it_says(tmp_path, monkeypatch):
    insert = making.apply

    def careless(rule, source, version):
        outcome = insert(rule, source, version)
        return making.Outcome(outcome.state, outcome.source + b'\nextra = 1\n', outcome.why, outcome.additions)

    monkeypatch.setattr(making, 'apply', careless)
    with pytest.raises(BuildError, match='does not stand the check'):
        making.make(tree(tmp_path))


def test_the_migrate_repository_goes_only_where_nova_has_one(tmp_path):
    ours = making.OUR_MIGRATE_REPOSITORY
    assert not any(name.startswith(ours) for name in making.overlay(tree(tmp_path / 'new', '26.3.0')))
    assert any(name.startswith(ours) for name in making.overlay(tree(tmp_path / 'old')))


def test_a_row_without_the_field_can_be_read_and_one_with_it_is(tmp_path):
    """What a conductor without the field sends must not fail (it did, after the row was deleted)."""
    text = patched(tmp_path, making.make(tree(tmp_path))).joinpath('nova/objects/instance.py').read_text()
    module = ast.parse(text)
    function = next(node for node in ast.walk(module) if getattr(node, 'name', '') == '_from_db_object')
    names = {'INSTANCE_OPTIONAL_ATTRS': []}
    exec(compile(ast.Module([function], []), 'fork', 'exec'), names)  # the one function, without nova around it
    read = names['_from_db_object'].__func__  # a static method
    blank = type('Instance', (), {'fields': ['uuid', 'mapping_uuid']})
    assert read(None, blank(), {'uuid': 'u'}).mapping_uuid is None
    assert read(None, blank(), {'uuid': 'u', 'mapping_uuid': 'm'}).mapping_uuid == 'm'


def test_no_file_of_the_fork_is_empty_since_no_patch_could_make_it():
    empty = [path for path in (making.PROJECT / 'src').rglob('*') if path.is_file() and not path.stat().st_size]
    assert empty == []
