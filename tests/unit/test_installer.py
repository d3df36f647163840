"""Installing into a small nova and taking it out again: nothing is lost, and nothing unknown is touched."""

import shutil
import subprocess

import pytest

from tests.installer_bed import ADDED, FORKED, MODELS, MODELS_PATH, STOCK, Bed, contents, part, snapshot

# A version manager's stand-in for a Python that is switched off is found, but does not run.
PYTHONS = [path for path in map(shutil.which, ('python2.6', 'python2.7', 'python3'))
           if path and subprocess.run([path, '-c', ''], capture_output=True).returncode == 0]


@pytest.fixture
def bed(tmp_path):
    return Bed(tmp_path)


@pytest.fixture(params=PYTHONS)
def any_python(request, tmp_path):
    return Bed(tmp_path, python=request.param)


def test_install_gives_the_fork_and_uninstall_gives_back_every_byte_mode_owner_and_time(any_python):
    bed = any_python
    (bed.parent / MODELS_PATH).chmod(0o640)
    before = snapshot(bed.parent)
    done = bed.install()
    assert done.returncode == 0, done.stderr
    assert contents(bed.parent) == {**STOCK, **ADDED, **FORKED}
    assert (bed.parent / MODELS_PATH).stat().st_mode & 0o777 == 0o640
    assert bed.uninstall().returncode == 0
    assert snapshot(bed.parent) == before


def test_a_second_install_changes_nothing_and_looks_after_the_database(bed):
    bed.install()
    before = snapshot(bed.parent)
    done = bed.install()
    assert (done.returncode, 'already installed' in done.stdout) == (0, True)
    assert snapshot(bed.parent) == before
    assert bed.called() == ['db sync', 'db sync']


def test_uninstall_shows_what_somebody_changed_since_and_touches_nothing(bed):
    bed.install()
    with (bed.parent / MODELS_PATH).open('a') as stream:
        stream.write('# a hot fix\n')
    before = snapshot(bed.parent)
    done = bed.uninstall()
    assert done.returncode == 1
    assert '+# a hot fix' in done.stderr and 'cp -a' in done.stderr
    assert snapshot(bed.parent) == before


def test_a_local_change_elsewhere_in_a_file_is_kept_through_install_and_uninstall(bed):
    (bed.parent / MODELS_PATH).write_bytes(MODELS.replace(b'class Base', b'# local\nclass Base'))
    before = snapshot(bed.parent)
    done = bed.install()
    assert done.returncode == 0, done.stderr
    text = (bed.parent / MODELS_PATH).read_bytes()
    assert b'# local\n' in text and text.count(b'mapping_uuid') == 1
    assert bed.uninstall().returncode == 0
    assert snapshot(bed.parent) == before


def test_a_change_that_would_land_in_another_class_is_refused(bed):
    """The context fits there without fuzz: only the syntax tree tells the two places apart."""
    text = MODELS.replace(b'class Instance', b'class Gone').replace(b'class Service', b'class Instance')
    (bed.parent / MODELS_PATH).write_bytes(text)
    done = bed.install()
    assert done.returncode == 1
    assert 'nothing was changed' in done.stderr
    assert (bed.parent / MODELS_PATH).read_bytes() == text


@pytest.mark.parametrize('words', [['--config-file', ''], ['--state-dir='], ['--nova-parent', '']])
def test_a_variable_that_is_not_set_is_no_other_tree_database_or_journal(bed, words):
    before = snapshot(bed.parent)
    done = bed.install(*words)
    assert done.returncode == 2 and 'an argument is empty' in done.stderr
    assert snapshot(bed.parent) == before and not bed.called()


def test_paths_mean_what_they_mean_where_they_are_typed(bed, monkeypatch):
    """Not in /, where what the installer runs is run."""
    monkeypatch.chdir(bed.work)
    for name in ('nova.conf', 'etc/nova/nova.conf'):
        (bed.work / name).parent.mkdir(parents=True, exist_ok=True)
        (bed.work / name).write_text('')
    typed = ['--nova-parent', 'opt stack', '--state-dir', './journal']
    assert bed.install(*typed, '--config-file', 'etc/nova/nova.conf').returncode == 0
    assert bed.uninstall(*typed, '--config-file=nova.conf', '--drop-column').returncode == 0
    assert bed.called() == [f'db sync --config-file {bed.work}/etc/nova/nova.conf',
                            f'db rollback --drop-column --force --config-file {bed.work}/nova.conf']


PATHS = ['/opt/plain-1.2_x', '/opt/a b', "/opt/it's", '/opt/`id`', '/opt/a|b', '/opt/<a>', '/opt/#a', '/opt/[a]',
         '/opt/{a,b}', '/opt/!a', '/opt/a\\b', '/opt/a\tb', '~root', '', '/opt/\u00e9']


@pytest.mark.parametrize('path', PATHS)
def test_a_path_in_a_command_or_script_is_one_word_whatever_is_in_it(path):
    said = subprocess.run(['bash', '-c', f'printf %s {part("say").quoted(path)}'], capture_output=True, check=True)
    assert said.stdout.decode() == path


def test_what_a_process_or_file_is_called_does_nothing_to_the_terminal(capfd):
    say = part('say')
    say.complain(say.Refusal('nova-api\x1b]0;planted\x07\u202e', 'rm a\x9bb\tc\nd'))
    assert capfd.readouterr().err == 'nova-cascading installer: nova-api\\u001b]0;planted\\u0007\\u202e\n' \
                                     '  Next: rm a\\u009bb\tc\nd\n'


def test_a_plan_that_cannot_be_written_is_no_success_and_lost_words_stop_no_installation(tmp_path):
    bed = Bed(tmp_path)
    assert bed.direct('install', '', '--dry-run') == 0
    assert bed.direct('install', '', '--dry-run', output='/dev/full') == 1
    assert bed.direct('install', output='/dev/full') == 0
    assert bed.direct('uninstall', '', '--forget') == 0
    assert bed.direct('uninstall', '', '--forget', output='/dev/full') == 1
    assert bed.direct('uninstall', output='/dev/full') == 0
