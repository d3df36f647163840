"""Fixtures that several unit tests share."""

import importlib
import sys
import types

import pytest

from builder.common import manager, project
from builder.common.project import PROJECT
from builder.repository import keys
from tests.unit.mappings import Cloud

SOURCE = PROJECT / 'src/nova'
REMEMBERED = (project.label, project.epoch, manager.name, manager.refresh, keys.export)


@pytest.fixture(autouse=True)
def forgetful():
    """What the builder remembers of one test's machine, project and keys is not true in the next."""
    yield
    for function in REMEMBERED:
        function.cache_clear()


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """The cache of sources is the test's own, and empty."""
    monkeypatch.setenv('NOVA_CASCADING_SOURCES', str(tmp_path / 'sources'))
    return tmp_path / 'sources'


@pytest.fixture
def load():
    """Imports one of the fork's modules as it stands in a nova that has nothing else."""
    nova = types.ModuleType('nova')
    nova.__path__ = [str(SOURCE)]
    with pytest.MonkeyPatch.context() as modules:
        for name in [name for name in sys.modules if name.partition('.')[0] == 'nova']:
            modules.delitem(sys.modules, name)
        modules.setitem(sys.modules, 'nova', nova)
        yield lambda name: importlib.import_module(f'nova.cascading.{name}')
        for name in [name for name in sys.modules if name.startswith('nova.')]:
            del sys.modules[name]


@pytest.fixture
def worker(load):
    """Makes what migrates a database of tests.unit.fakeserver; `said` is what it tells."""
    def make(server, **options):
        values = {'lock_wait_timeout': 1, 'lock_retries': 0, 'allow_table_copy': False, 'max_wait': 1, **options}
        said = []
        made = load('migration.worker').Worker(server.connection, types.SimpleNamespace(**values), said.append)
        made.said = said
        return made
    return make


@pytest.fixture
def cloud(load, tmp_path, monkeypatch, capsys):
    """A nova of two cells, which is read three instances at a time."""
    monkeypatch.setattr(load('mapping.instances'), 'PAGE', 3)
    return Cloud(tmp_path, capsys, load('cli').main)


@pytest.fixture
def written(cloud, load, monkeypatch) -> list:
    """What would have gone to the conductors."""
    asked = []
    monkeypatch.setattr(load('mapping.write').Writer, 'set',
                        lambda self, database, *change: asked.append((database.name, *change)))
    return asked
