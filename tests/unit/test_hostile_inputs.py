"""Inputs that somebody made to do harm: parsers refuse them in words; nothing of them is run, followed or written.

Archives and packages first, then what the command on a host reads. Mutations come from a fixed seed.
"""

import contextlib
import gzip
import io
import os
import random
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from builder.common.errors import BuildError
from builder.common.model import Stock
from builder.common.project import PROJECT
from builder.repository.state import State
from builder.source import packaged, unpack
from builder.source.obtain import obtain
from tests import fakenova
from tests.source_bed import pack, refused

pytestmark = pytest.mark.usefixtures('sources')

FILE, LINK, HARD, FOLDER = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE
SOURCE = PROJECT / 'src/nova'
CLIMBS = 'd/' * 12 + '../' * 12
ESCAPES = {
    'a path that climbs': [('../evil', FILE, '')],
    'an absolute path': [('/tmp/nova-evil', FILE, '')],
    'a link to the outside': [('nova/l', LINK, '../../evil'), ('nova/l', FILE, '')],
    'a link through a link': [('a', LINK, '.'), ('a/b', LINK, '../evil')],
    # accepted while d is missing; then d becomes the directory itself, and each `..` climbs
    'a link that turns': [('l', LINK, CLIMBS + 'evil'), ('d', LINK, '.'), ('x', FILE, ''), ('l', HARD, 'x')],
    'a link that turns and is left': [('l', LINK, CLIMBS + 'evil'), ('d', LINK, '.')],
    'a directory that turns': [('l', LINK, CLIMBS), ('d', LINK, '.'), ('l/evil', FILE, '')],
    'a hard link to the outside': [('h', HARD, '../../../../etc/passwd')],
    'a hard link to an absolute path': [('h', HARD, '/etc/passwd')],
    'a hard link to a link': [('l', LINK, '/etc/passwd'), ('h', HARD, 'l')],
    'a link to itself': [('l', LINK, 'l'), ('l/x', FILE, '')],
    'a ring of links': [('a', LINK, 'b'), ('b', LINK, 'a'), ('a/x', FILE, '')],
    'a hard link to nothing': [('h', HARD, 'nothing')],
    'a hard link to a directory': [('d', FOLDER, ''), ('h', HARD, 'd')],
    'a file in the place of a directory': [('d', FOLDER, ''), ('d', FILE, '')],
    'a directory below a file': [('d', FILE, ''), ('d/x', FILE, '')],
    'a name that clears the screen': [('\x1b[2J', FOLDER, ''), ('\x1b[2J', FILE, '')],
    'a NUL in a name': [('nova\0evil', FILE, '')],
    'half a character': [('nova/\udcff', FILE, ''), ('../evil', FILE, '')],
    'a name without end': [('n' * 5000, FILE, '')],
    'a path without end': [('n/' * 3000 + 'x', FILE, '')],
}


def tarball(path, members):
    with tarfile.open(path, 'w:gz', format=tarfile.PAX_FORMAT) as archive:
        for name, kind, link in members:
            info = tarfile.TarInfo(name.partition('\0')[0])
            info.type, info.linkname, info.size = kind, link, 4 if kind == FILE else 0
            info.pax_headers = {'path': name} if '\0' in name or len(name) > 200 else {}
            archive.addfile(info, io.BytesIO(b'evil'))
    return path


@pytest.mark.parametrize('members', ESCAPES.values(), ids=ESCAPES)
def test_an_archive_writes_nothing_outside_and_is_refused(tmp_path, members):
    before = set(Path('/tmp').glob('*evil*'))
    said = refused(tmp_path, tarball(tmp_path / 'n.tar.gz', members))
    assert 'Traceback' not in said and said.replace('\n', '').isprintable()
    assert [path for path in tmp_path.rglob('*evil*') if 'work/tree' not in str(path)] == []
    assert set(Path('/tmp').glob('*evil*')) == before


@pytest.mark.parametrize('kind', [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b'Z'])
def test_a_device_a_pipe_or_an_unknown_thing_is_not_made(tmp_path, kind):
    pack(tmp_path, 'good.tar')
    info = tarfile.TarInfo('nova-26.3.0/thing')
    info.type, info.devmajor, info.devminor, info.mode = kind, 1, 3, 0o6777
    with tarfile.open(tmp_path / 'good.tar', 'a') as archive:
        archive.addfile(info)
    tree = obtain(str(tmp_path / 'good.tar'), tmp_path / 'work')
    thing = tree.path / 'thing'
    assert not thing.exists() or thing.is_file() and thing.stat().st_mode & 0o7000 == 0


def test_an_archive_that_would_fill_the_disk_is_refused_before_it_does(tmp_path, monkeypatch):
    monkeypatch.setattr(unpack, 'LARGEST', 1 << 20)
    with tarfile.open(tmp_path / 'bomb.tar.gz', 'w:gz') as archive:
        for number in range(4):
            info = tarfile.TarInfo(f'nova/{number}')
            info.size = 600_000
            archive.addfile(info, io.BytesIO(bytes(info.size)))
    with zipfile.ZipFile(tmp_path / 'bomb.zip', 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('nova/x', bytes(2 << 20))
    for name in ('bomb.tar.gz', 'bomb.zip'):
        assert 'unpacks to more than' in refused(tmp_path, tmp_path / name)
    monkeypatch.setattr(unpack, 'MOST', 3)
    assert 'files' in refused(tmp_path, pack(tmp_path, 'many.tar.gz'))
    with zipfile.ZipFile(tmp_path / 'many.zip', 'w') as archive:
        for number in range(4):
            archive.writestr(f'nova/{number}', '')
    assert 'files' in refused(tmp_path, tmp_path / 'many.zip')


@pytest.mark.parametrize('name', ['../evil', '/tmp/nova-evil', 'nova/../../evil'])
def test_a_zip_writes_nothing_outside(tmp_path, name):
    with zipfile.ZipFile(tmp_path / 'n.zip', 'w') as archive:
        archive.writestr(name, 'evil')
    assert 'leads out of it' in refused(tmp_path, tmp_path / 'n.zip')


def test_a_pipe_or_a_device_is_no_source_that_is_waited_for(tmp_path):
    os.mkfifo(tmp_path / 'nova-1.tar.gz')
    assert 'neither a file nor a directory' in refused(tmp_path, tmp_path / 'nova-1.tar.gz')
    assert 'neither a file nor a directory' in refused(tmp_path, '/dev/zero')


def mutations(data, rng):
    """The same bytes, damaged: flipped here and there, cut, or with a hole of noise."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 4, 40))):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    yield bytes(changed)
    yield data[:rng.randrange(len(data))]
    start = rng.randrange(len(data))
    yield data[:start] + rng.randbytes(rng.randrange(700)) + data[start + rng.randrange(700):]


@pytest.mark.parametrize('name', ['n.tar', 'n.tar.gz', 'n.tar.bz2', 'n.tar.xz', 'n.zip', 'n.deb'])
def test_a_damaged_archive_is_refused_in_words_or_read(tmp_path, name):
    fakenova.write(tmp_path / 'p/nova-26.3.0', '26.3.0')
    if name == 'n.zip':
        with zipfile.ZipFile(tmp_path / name, 'w', zipfile.ZIP_DEFLATED) as archive:
            for path in (tmp_path / 'p').rglob('*'):
                archive.write(path, path.relative_to(tmp_path / 'p'))
    elif name == 'n.deb':
        control_of(tmp_path, 'Package: python3-nova\nVersion: 2:26.2.2-1\n').rename(tmp_path / name)
    else:
        pack(tmp_path, name)
    rng, whole = random.Random(2014), (tmp_path / name).read_bytes()
    for number in range(6):
        for data in mutations(whole, rng):
            (tmp_path / name).write_bytes(data)
            try:
                obtain(str(tmp_path / name), tmp_path / f'work{number}')
            except BuildError as error:
                assert error.hint


def control_of(tmp_path, text):
    """A .deb whose control file is this text: dpkg-deb would not build it, but reads it."""
    with tarfile.open(tmp_path / 'control.tar.gz', 'w:gz') as archive:
        data = f'{text}Architecture: all\nMaintainer: T <t@example.org>\nDescription: x\n'.encode()
        info = tarfile.TarInfo('./control')
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    fakenova.write(tmp_path / 'data/usr/lib/python3/dist-packages', '26.2.2')
    with tarfile.open(tmp_path / 'data.tar.gz', 'w:gz') as archive:
        archive.add(tmp_path / 'data', '.')
    (tmp_path / 'debian-binary').write_text('2.0\n')
    (tmp_path / 'p.deb').unlink(missing_ok=True)
    subprocess.run(['ar', 'rc', 'p.deb', 'debian-binary', 'control.tar.gz', 'data.tar.gz'], cwd=tmp_path, check=True)
    return tmp_path / 'p.deb'


SHELL = '$(touch evil)'
NAMES = [('python3-nova' + SHELL, '1.0-1'), ('../../evil', '1.0-1'), ('python3-nova', '1.0-1;touch evil'),
         ('python3-nova', '1.0/../../evil-1'), ('python3-nova', SHELL), ('python3-nova', '%(touch evil)-1'),
         ('python3-nova', '1.0-1\n\\$(shell touch evil)'), ('', '1.0-1'), ('python3-nova', ''), ('-x', '1.0-1'),
         ('python3-nova', '1.0-1\x1b[2J')]


@pytest.mark.parametrize(('name', 'version'), NAMES)
def test_a_deb_whose_name_or_version_would_be_run_is_refused(tmp_path, name, version):
    control = f'Package: {name}\nVersion: {version}\n'.replace('\n\\', '\n ')
    said = refused(tmp_path, control_of(tmp_path, control))
    assert 'that is no package and no version' in said or 'dpkg-deb' in said, said
    assert '\x1b' not in said
    assert list(tmp_path.rglob('evil')) == []


def test_a_debs_relations_cannot_begin_a_stanza_of_their_own(tmp_path):
    control = 'Package: python3-nova\nVersion: 2:26.2.2-1\nDepends: sudo,\n \t \n python3-six\n'
    tree = obtain(str(control_of(tmp_path, control)), tmp_path / 'work')
    assert tree.stock.fields['Depends'] == 'sudo, python3-six'


@pytest.mark.parametrize(('name', 'version'), [*NAMES, ('python3-nova', '26.3.0')])
def test_an_rpm_whose_name_or_version_would_be_run_is_refused(name, version):
    with pytest.raises(BuildError, match='that is no package and no version'):
        packaged.checked(Stock(name, version, 'rpm', {}), Path('x.rpm'))


RUN = ['sudo %(touch evil)', '%{lua: os.execute("touch evil")}', 'sudo\x1b[2J', 'a\rb', 'x$(shell touch evil)', "x'y",
       'a`touch evil`', 'a\\', 'a "b"', '@STOCK@', 'a; touch evil', '${shlibs:Depends}', '#x', 'é']


@pytest.mark.parametrize('line', RUN)
@pytest.mark.parametrize('stock', [Stock('python3-nova', '26.3.0-1.el9', 'rpm'), Stock('python-nova', '1:2-1', 'deb')],
                         ids=['rpm', 'deb'])
def test_a_package_whose_relations_would_be_carried_out_is_refused(stock, line):
    for field in packaged.RELATIONS[stock.family]:
        strange = replace(stock, fields={field: f'sudo\n{line}' if stock.family == 'rpm' else f'sudo, {line}'})
        if stock.family == 'rpm' and line == '@STOCK@':
            continue  # what systemd calls its templates
        with pytest.raises(BuildError, match='which no package needs'):
            packaged.checked(strange, Path('x'))


@pytest.mark.parametrize('stock', [
    Stock('python-nova', '1:2-1', 'deb', {
        'Depends': 'python3:any (>= 3.11~), default-mysql-client | virtual-mysql-client, libc_x',
        'Provides': 'python-nova (= 1:2014.1.5-0ubuntu1.7~cloud0), python2.7-nova', 'Breaks': 'a (<< 2.0-1+b1)'}),
    Stock('python3-nova', '1:26-1.el9', 'rpm', {
        'Requires': '(python3.9dist(oslo.db) >= 10 with python3.9dist(oslo.db) < 12)\nconfig(nova) = 1:26-1.el9\n'
                    '/usr/bin/python3\nuser(nova) = dSBub3ZhIDE2Mg==\nsystemd@x.service\npython3dist(a[kafka]) != 2',
        'Provides': 'python(abi) = 3.9\nlibx.so.6(GLIBC_2.2)(64bit)'})], ids=['deb', 'rpm'])
def test_what_distributions_need_is_believed(stock):
    assert packaged.checked(stock, Path('x')) == stock


@pytest.mark.parametrize(('file', 'text', 'said'), [
    ('PKG-INFO', 'Version: 26.3.0/../../evil\n', 'is no version'),
    ('PKG-INFO', 'Version: 26.3.0%(touch evil)\n', 'is no version'),
    ('PKG-INFO', 'Version: 26.3.0\n $(touch evil)\n', 'is no version'),
    ('setup.cfg', 'no section\n', 'cannot be understood'),
    ('setup.cfg', '[metadata\n', 'cannot be understood'),
    ('setup.cfg', b'[metadata]\nversion = \xff\xfe', 'cannot be understood'),
])
def test_a_tree_that_lies_about_itself_is_refused(tmp_path, file, text, said):
    tree = fakenova.write(tmp_path / 'tree', '26.3.0')
    (tree / 'PKG-INFO').unlink(missing_ok=True)
    (tree / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    assert said in refused(tmp_path, tree)


@pytest.mark.parametrize('text', [
    '', '[]', '{', 'null', '"x"', '{"suites": []}', '{"suites": {"../x": {}}}', '{"suites": {}, "time": "now"}',
    '[' * 9999,
    '{"suites": {"a": {"family": "deb", "time": 0, "withdrawn": {}, "packages": {"../../evil": {"files": {}}}}}}'])
def test_a_state_that_somebody_has_written_is_refused(tmp_path, text):
    (tmp_path / 'state.json').write_text(text)
    with pytest.raises(BuildError, match='is damaged, or of a newer version'):
        State.load(tmp_path)


# --- what the command on a host reads -------------------------------------------------------------------------------

HOSTILE = ['\x1b]0;evil\x07', '\x1b[2J\x1b[H', 'a\rb', '\x9b31m', '\u202egnp.exe', '; touch evil', '$(touch evil)',
           '../../evil', "' OR 1=1 --", '{0.__class__}', '%s%n', 'x' * 5000, '\udcff', 'a\nb', '']


@pytest.fixture
def nova(load):
    """Imports a module of the command; the messages it may raise come with it."""
    return load


@pytest.mark.parametrize('format', ['table', 'value', 'csv', 'json'])
@pytest.mark.parametrize('name', HOSTILE, ids=ascii)
def test_a_name_from_a_database_is_one_value_of_one_row(nova, format, name):
    output, out = nova('output'), io.StringIO()
    rows = output.printer(format, ['instance', 'name'], out)
    rows.add(['one', name])
    rows.add(['two', 'plain'])
    rows.close()
    text = out.getvalue()
    assert not set(text) & set('\x00\x07\x1b\x7f\r\x9b\u202e')
    text.encode('utf-8')
    if format in ('table', 'value'):
        assert len(text.splitlines()) == (6 if format == 'table' else 2)


@pytest.mark.parametrize('name', HOSTILE, ids=ascii)
def test_a_cells_row_is_a_name_and_an_address_whatever_it_says(nova, name):
    databases, errors = nova('database.databases'), nova('errors')
    database = databases.Database(name, f'mysql://u:pass-word@{name}/nova')
    assert 'pass-word' not in str(errors.Unreachable(f'{database}: down'))
    assert '\x1b' not in str(errors.Unreachable(f'{database}: down'))
    with contextlib.suppress(errors.CascadingError):
        database.engine()
    assert database.identity


@pytest.mark.parametrize('template', [
    '{username!r}', '{0}', '{', '}{', '{nothing}', '{port:>99999999999999999999}',
    '{hostname[0]}', '{password.__init__.__globals__}', 'mysql://{username', 'mysql://[', 'http://[::1', '{a.b[c]!z}'])
def test_a_cells_template_is_filled_in_or_left(nova, template):
    filled = nova('database.celltemplate').fill_in(template, 'mysql://user:secret@host:3306/nova?charset=utf8')
    assert 'built-in' not in filled and 'function' not in filled and len(filled) < 1000


def exported(backup, path, rows):
    with gzip.open(path, 'wt') as out:
        out.write('\n'.join([','.join(backup.FIELDS), *rows]) + '\n')
    return path.read_bytes()


def test_a_damaged_export_is_refused_in_words(nova, tmp_path):
    backup, errors, path = nova('migration.backup'), nova('errors'), tmp_path / 'x.csv.gz'
    whole = exported(backup, path, [f'instances,{number},m{number}' for number in range(400)])
    rng = random.Random(2014)
    for data in [b'', b'\x1f\x8b', *(data for _ in range(30) for data in mutations(whole, rng))]:
        path.write_bytes(data)
        try:
            list(backup.read(str(path)))
        except errors.CascadingError as error:
            assert str(path) in str(error)


@pytest.mark.parametrize('row', ['sqlite_master,x,y', 'instances; DROP TABLE instances,x,y', 'instances,x', '"',
                                 'instances,x,y,z', 'x' * 200_000], ids=str.__len__)
def test_an_export_names_nothing_but_novas_tables(nova, tmp_path, row):
    backup, errors = nova('migration.backup'), nova('errors')
    exported(backup, tmp_path / 'x.csv.gz', [row])
    with pytest.raises(errors.CascadingError):
        list(backup.read(str(tmp_path / 'x.csv.gz')))


@pytest.mark.parametrize('text', [
    b'\xff\xfe', b'[database', b'connection = x', b'=\n', b'[database]\n  x\n', b'[cascading]\nlock_retries = many\n',
    b'[database]\nconnection = \x00\x1b[2J\n', b'[database]\nconnection = $nothing\n',
    b'[database]\nconnection = evil+evil://x\n'])
def test_a_strange_nova_conf_is_told_by_every_reader(tmp_path, text):
    """In a process each, as oslo.config is there once a process."""
    (tmp_path / 'nova.conf').write_bytes(text)
    (tmp_path / 'site/nova').mkdir(parents=True)
    (tmp_path / 'site/nova/__init__.py').write_text(f'__path__ = [{str(SOURCE)!r}]\n')
    command = 'import sys; from nova.cascading import cli; sys.exit(cli.main())'
    for words in (['-c', command, 'db', 'check'], ['-c', command, 'db', 'check', '--gate'],
                  [SOURCE / 'cascading/host/preflight.py']):
        done = subprocess.run([sys.executable, *words, '--config-file', tmp_path / 'nova.conf'], capture_output=True,
                              text=True, errors='replace', timeout=60, env={'PYTHONPATH': str(tmp_path / 'site')})
        said = done.stdout + done.stderr
        assert 'Traceback' not in said and 'this is a bug' not in said and '\x1b' not in said, said
        assert done.returncode in (0, 1, 2, 3) and 'no nova works' not in said


def test_a_pipe_in_the_place_of_nova_conf_is_not_waited_for(tmp_path, nova):
    os.mkfifo(tmp_path / 'nova.conf')
    config, errors = nova('config'), nova('errors')
    with pytest.raises(errors.Unreachable, match='is a pipe, and no file'):
        config.read([str(tmp_path / 'nova.conf')])
