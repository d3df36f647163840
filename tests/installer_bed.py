"""A small nova of our own, its fork, and the bundle made of it: what the installer's unit tests work on."""

import importlib
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

from builder.common.model import Fork, Patch, Tree
from builder.common.project import PROJECT
from builder.package import bundle

sys.path.insert(1, str(PROJECT / 'installation'))
# nohup and shells in the background have their children ignore signals.
HEARING = ('env', '--default-signal=HUP,INT,TERM')
MODELS = b'''class Base(object):
    pass


class Instance(Base):
    uuid = 'Column'
    host = 'Column'


class Service(Base):
    uuid = 'Column'
    host = 'Column'
'''
INSTANCE = b'''class Instance(object):
    fields = {
        'uuid': 'UUIDField',
    }

    def save(self):
        return self.fields
'''
MODELS_PATH, INSTANCE_PATH = 'nova/db/sqlalchemy/models.py', 'nova/objects/instance.py'
STOCK = {
    'nova/__init__.py': b'',
    'nova/manager.py': b'"""Nothing that the fork changes."""\n',
    'nova/db/sqlalchemy/migrate_repo/versions/233_one.py': b'',
    MODELS_PATH: MODELS,
    INSTANCE_PATH: INSTANCE,
}
# What the fork's command was called with is written down, but for its help; NOVA_TEST_FAIL makes it fail.
COMMAND = b'''import os, sys
if sys.argv[-1] != '--help':
    open(os.environ['NOVA_TEST_CALLS'], 'a').write(' '.join(sys.argv[1:]) + chr(10))
sys.exit(1 if os.environ.get('NOVA_TEST_FAIL') == sys.argv[2] else 0)
'''
PREFLIGHT = b'''import os, sys
if os.environ.get('NOVA_TEST_FAIL') == 'preflight':
    print('the database has a long transaction open')
    sys.exit(1)
'''
ADDED = {
    'nova/cascading/__init__.py': b'"""Of the fork."""\n',
    'nova/cascading/__main__.py': COMMAND,
    'nova/cascading/host/preflight.py': PREFLIGHT,
    'nova/db/sqlalchemy/cascading_migrate_repo/migrate.cfg': b'[db_settings]\n',
}
FORKED = {
    MODELS_PATH: MODELS.replace(b"    host", b"    mapping_uuid = 'Column'\n    host", 1),
    INSTANCE_PATH: INSTANCE.replace(b"'UUIDField',\n", b"'UUIDField',\n        'mapping_uuid': 'UUIDField',\n"),
}


def part(name):
    """One of the installer's modules."""
    return importlib.import_module(f'installer.{name}')


def write_tree(folder, contents):
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        os.utime(folder / path, ns=(1_400_000_000_123_456_789, 1_400_000_000_123_456_789))


def fork_of(folder, added=None):
    write_tree(folder, STOCK)
    patches = [Patch('models', {'Description': 'the column'}, {MODELS_PATH: (MODELS, FORKED[MODELS_PATH])}),
               Patch('object', {'Description': 'the field'}, {INSTANCE_PATH: (INSTANCE, FORKED[INSTANCE_PATH])}),
               Patch('cascading-files', {'Description': 'files'},
                     {path: (None, content) for path, content in (added or ADDED).items()})]
    return Fork(Tree(folder, '2014.1.5', 'a small nova', made_of='a small nova'), patches, [])


class Bed:
    """A host's nova tree, an unpacked bundle for it, and a place for journals; paths with spaces throughout.

    :param python: the interpreter that runs the installer and that nova.
    :param shell: what runs install.sh and uninstall.sh.
    """

    def __init__(self, work, python=sys.executable, shell='sh'):
        self.work, self.python, self.shell = work / 'a host', python, shell
        self.parent, self.state, self.calls = self.work / 'opt stack', self.work / 'journal', self.work / 'calls'
        self.work.mkdir()
        self.bundle = self.unpack(fork_of(work / 'source'), 'bundle')
        write_tree(self.parent, STOCK)

    def unpack(self, fork, name):
        folder = self.work / name
        folder.mkdir()
        path = bundle.write(fork, folder, commit='0123456789abcdef', epoch=1_400_000_000)
        with tarfile.open(path) as archive:
            archive.extractall(folder)
        return folder / bundle.top(fork)

    def run(self, script, *words, fault='', fail=''):
        """Run a script of the installer; returns what subprocess.run returns."""
        environment = dict(os.environ, NOVA_CASCADING_FAULT=str(fault), NOVA_TEST_FAIL=fail,
                           NOVA_TEST_CALLS=str(self.calls))
        command = [*HEARING, *self.shell.split(), script, '--nova-parent', self.parent, '--state-dir', self.state,
                   *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    def install(self, *words, **options):
        words = ('--python', self.python, '--no-restart', *words)
        return self.run(self.bundle / 'installation/install.sh', *words, **options)

    def uninstall(self, *words, **options):
        return self.run(self.bundle / 'installation/uninstall.sh', '--no-restart', *words, **options)

    def direct(self, action, fault='', *words, output=os.devnull, fail=''):
        """Run the program behind the scripts in a fork of this process, which saves starting Python.

        :param output: what its standard streams are: a path, or an open file's number.
        :returns: its exit status, -9 when the fault point was met.
        """
        words = [*words, *(['--python', str(self.python)] if action == 'install' else [])]
        words = ['--nova-parent', str(self.parent), '--state-dir', str(self.state), '--no-restart', *words]
        program = part('__main__')  # before the fork: each child would compile it, and all that it imports
        child = os.fork()
        if not child:
            self._become(program, action, words, output, {'NOVA_CASCADING_FAULT': str(fault), 'NOVA_TEST_FAIL': fail})
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def _become(self, program, action, words, output, environment):
        """Be the installer of the bundle; never returns."""
        status = 99
        try:
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):  # which nohup has this run ignore
                signal.signal(number, signal.SIG_DFL)
            os.environ.update(environment, NOVA_TEST_CALLS=str(self.calls))
            stream = output if isinstance(output, int) else os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            for number in (1, 2):
                os.dup2(stream, number)
            sys.stdout, sys.stderr = (os.fdopen(number, 'w') for number in (1, 2))
            program.HERE = str(self.bundle / 'installation/installer')
            status = program.main(action, words)
            sys.stdout.flush()
        except SystemExit as error:
            status = error.code
        finally:
            os._exit(status)

    def hasten(self, monkeypatch):
        """For many runs by direct(): what dpkg and the interpreter would answer each time is known."""
        monkeypatch.setattr(part('checks'), 'MANAGERS', ())
        monkeypatch.setitem(part('interpreters')._parents, str(self.python), None)

    def called(self):
        return self.calls.read_text().splitlines() if self.calls.exists() else []

    def journals(self):
        return sorted(path.name for path in self.state.iterdir() if path.is_dir())

    def reset(self):
        for folder in (self.parent, self.state):
            shutil.rmtree(folder, ignore_errors=True)
        write_tree(self.parent, STOCK)


def snapshot(folder):
    """Every file below a folder: content, mode, owner, times; folders too, but for what reading leaves in times."""
    found = {}
    for path in sorted(Path(folder).rglob('*')):
        stat = path.lstat()
        content = path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = content, stat.st_mode, stat.st_uid, stat.st_gid, stat.st_mtime_ns
    return found


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob('*') if path.is_file()}
