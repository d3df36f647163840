"""Behind nova's own db_sync, in each form it has had: the fork's change follows for main databases, and only there."""

import pytest

from tests.hosts.lib.bed import INSTANCES, Bed, tiny_nova

SCRIPT = '''
import sqlite3, sys
import sqlalchemy
from nova.cascading import schema

def create(path):
    sqlite3.connect(path).executescript("""{tables}""")

def engine(name):
    return sqlalchemy.create_engine("sqlite:///" + name)

{nova}

{call}
for name in sys.argv[1:]:
    rows = sqlite3.connect(name).execute("PRAGMA table_info(instances)").fetchall()
    print(name, "mapping_uuid" in [row[1] for row in rows])
'''
FORMS = {
    '2014.1': ('def get_engine(use_slave=False): return engine("main")',
               'version=None', 'create("main")', 'db_sync()'),
    '12': ('def get_engine(database="main"): return engine(database)',
           'version=None, database="main"', 'create(database)', 'db_sync(None, "main"); db_sync(database="api")'),
    '26': ('def _get_engine(database="main", context=None): return engine(context or database)',
           'version=None, database="main", context=None', 'create(context or database)',
           'db_sync(); db_sync(database="api"); db_sync(None, context="cell")'),
}


@pytest.fixture(scope='module')
def bed(module_host):
    return Bed(module_host('bookworm', 'databases'))


def follow(bed, form, tables=INSTANCES):
    get_engine, parameters, work, call = FORMS[form]
    nova = f'{get_engine}\n@schema.follow_db_sync\ndef db_sync({parameters}):\n    {work}\n    return "done"'
    bed.host.write('/var/tmp/follow.py', SCRIPT.format(tables=tables, nova=nova, call=call))
    folder = bed.host.run('mktemp -d').out.strip()
    run = f'PYTHONPATH={tiny_nova(bed.host, None)} python3 -B /var/tmp/follow.py main api cell'
    done = bed.host.run(f'cd {folder} && {run}')
    return dict(line.split() for line in done.out.splitlines())


@pytest.mark.parametrize('form', sorted(FORMS))
def test_main_databases_get_the_column_and_the_api_database_does_not(bed, form):
    has = follow(bed, form)
    assert has['main'] == 'True'
    assert has['api'] == 'False'
    assert has['cell'] == str(form == '26')


def test_a_database_that_nova_leaves_empty_is_no_error(bed):
    assert follow(bed, '2014.1', 'CREATE TABLE other (id INT)')['main'] == 'False'


def test_nova_is_stopped_before_its_own_migrations_on_a_database_of_the_original(bed):
    url = bed.sqlite(INSTANCES + 'ALTER TABLE instances ADD COLUMN mapping_uuid VARCHAR(36);'
                     'UPDATE migrate_version SET version = 234;')
    bed.host.write('/var/tmp/original.py', f'''
import sqlalchemy
from nova.cascading import errors, schema
def get_engine(): return sqlalchemy.create_engine("{url}")
@schema.follow_db_sync
def db_sync(version=None): print("nova's own ran")
try:
    db_sync()
except errors.NeedsAdoption as error:
    print(error)
''')
    said = bed.host.run(f'PYTHONPATH={tiny_nova(bed.host, 233)} python3 -B /var/tmp/original.py').out
    assert "nova's own ran" not in said
    assert 'nova-cascading db adopt' in said
