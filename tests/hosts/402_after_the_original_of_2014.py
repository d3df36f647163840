"""A nova changed by the original patch of 2014: recognised, explained, cleaned up only on request."""

import pytest

from tests.installer_bed import ADDED, FORKED, INSTANCE, INSTANCE_PATH, MODELS_PATH, STOCK, Bed, contents, snapshot

MIGRATION = 'nova/db/sqlalchemy/migrate_repo/versions/234_add_mapping_uuid_column_to_instance.py'
# Whole files of an older release, with the field in another place.
OLD = {
    MODELS_PATH: b"class Instance(object):\n    mapping_uuid = 'Column'\n    uuid = 'Column'\n",
    INSTANCE_PATH: INSTANCE.replace(b"'uuid'", b"'mapping_uuid': 'UUIDField', 'uuid'"),
    MIGRATION: b'def upgrade(migrate_engine):\n    pass\n',
}


@pytest.fixture
def bed(tmp_path):
    made = Bed(tmp_path)
    for path, content in OLD.items():
        (made.parent / path).write_bytes(content)
    return made


def test_it_is_explained_and_nothing_is_changed_unasked(bed):
    before = snapshot(bed.parent)
    done = bed.install()
    assert done.returncode == 1
    assert all(path in done.stderr for path in OLD)
    assert '--adopt-2014' in done.stderr
    assert snapshot(bed.parent) == before


def test_dry_run_explains_it_too(bed):
    done = bed.install('--dry-run')
    assert (done.returncode, 'original mapping_uuid patch of 2014' in done.stdout) == (0, True)


def test_on_request_the_release_is_put_back_the_fork_installed_and_the_database_adopted(bed):
    done = bed.install('--adopt-2014')
    assert done.returncode == 0, done.stderr
    assert contents(bed.parent) == {**STOCK, **ADDED, **FORKED}
    assert bed.called() == ['db adopt', 'db sync']


@pytest.mark.parametrize('state', ['installed', ''])
def test_uninstalling_afterwards_gives_the_release_and_the_old_files_are_kept(bed, state):
    """Also when a power cut has emptied what says how far the clean-up came."""
    bed.install('--adopt-2014')
    (bed.state / bed.journals()[1] / 'state').write_text(state)
    assert bed.uninstall().returncode == 0
    assert contents(bed.parent) == STOCK
    kept, = bed.journals()
    assert all((bed.state / kept / 'before' / path).read_bytes() == content for path, content in OLD.items())


def test_a_failed_adoption_brings_the_old_files_back(bed):
    before = snapshot(bed.parent)
    done = bed.install('--adopt-2014', fail='adopt')
    assert done.returncode == 1
    assert snapshot(bed.parent) == before
    assert bed.journals() == []


def test_a_tree_that_is_not_this_release_otherwise_is_refused(bed):
    (bed.parent / 'nova/manager.py').write_text('# of 2014.1\n')
    before = snapshot(bed.parent)
    done = bed.install('--adopt-2014')
    assert (done.returncode, 'nova/manager.py' in done.stderr) == (1, True)
    assert snapshot(bed.parent) == before


def test_a_clean_up_that_was_killed_and_then_edited_can_be_forgotten_as_told(bed):
    edited = bed.parent / INSTANCE_PATH
    assert bed.install('--adopt-2014', fault=f'rename {edited}').returncode == -9
    edited.write_text('# mine\n')
    assert f'sh ./uninstall.sh --nova-parent \'{bed.parent}\' --forget' in bed.install('--adopt-2014').stderr
    assert f'  {edited}\n' in bed.uninstall('--forget').stdout
    done = bed.uninstall('--forget', '--yes')
    assert done.returncode == 0 and '.forgotten' in done.stdout, done.stderr
    kept, = bed.journals()
    assert 'forgotten' in kept and (bed.state / kept / 'before' / INSTANCE_PATH).read_bytes() == OLD[INSTANCE_PATH]
    assert edited.read_text() == '# mine\n'
