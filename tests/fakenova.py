"""Small trees with the shape of nova of several releases, written for the tests; none of it is nova's."""

from pathlib import Path
from textwrap import dedent

MODELS = '''
    class Cell(Base):
        uuid = Column(String(36), nullable=False)


    class Instance(Base):
        id = Column(Integer)
        uuid = Column(String(36), nullable=False)  # stable
        name = Column(String(255))
'''
OBJECT = '''
    INSTANCE_OPTIONAL_ATTRS = ['tags']


    class Instance(object):
        VERSION = '1.13'
        fields = {
            'id': fields.IntegerField(),
            'rack': fields.StringField(),
            'uuid': fields.UUIDField(),
        }

        @staticmethod
        def _from_db_object(context, instance, db_inst):
            for field in instance.fields:
                if field in INSTANCE_OPTIONAL_ATTRS:
                    continue
                else:
                    setattr(instance, field, db_inst[field])
            return instance
'''
CONDUCTOR = '''
    allowed_updates = ['host', 'node']
'''
OLD_NETWORK = '''
    class API(object):
        def allocate_for_instance(self, port_client, port, port_req_body):
            if port:
                port_client.update_port(port['id'], port_req_body)
'''
SPLIT_NETWORK = '''
    class API(object):
        def allocate_for_instance(self, client, ports):
            self._update_ports_for_instance(client)

        def _update_ports_for_instance(self, port_client):
            updated_port = self._update_port(port_client, instance, port_id, port_req_body)
'''
NEW_NETWORK = '''
    class API(object):
        def _update_ports_for_instance(self, requested_ports_dict):
            return requested_ports_dict[request.port_id]
'''
MIGRATION = '''
    from nova.db.sqlalchemy import api as db_session

    get_engine = db_session.get_engine


    def db_sync(version=None):
        return version
'''
MODERN_MIGRATION = '''
    from nova.db.api import api as api_db_api


    def _get_engine(database='main', context=None):
        return api_db_api.get_engine()


    def db_sync(version=None, database='main', context=None):
        return _get_engine(database, context=context)
'''


def files(version: str) -> dict[str, str]:
    """Path -> text of the files that the fork touches in a release (2014.1.5, 14.1.0 or 26.3.0 in shape)."""
    major = int(version.split('.')[0])
    modern = 24 <= major < 2014
    network = OLD_NETWORK if major < 14 or major >= 2014 else SPLIT_NETWORK if major < 17 else NEW_NETWORK
    database = 'nova/db/main/models.py' if modern else 'nova/db/sqlalchemy/models.py'
    migration = 'nova/db/migration.py' if modern else 'nova/db/sqlalchemy/migration.py'
    texts = {
        'nova/__init__.py': '',
        database: MODELS,
        'nova/objects/instance.py': OBJECT,
        'nova/conductor/manager.py': CONDUCTOR if major < 13 or major >= 2014 else '\n',
        'nova/network/neutron.py' if modern else 'nova/network/neutronv2/api.py': network,
        migration: MODERN_MIGRATION if modern else MIGRATION,
        'PKG-INFO': f'Metadata-Version: 1.1\nName: nova\nVersion: {version}\n',
    }
    if not modern:
        texts['nova/db/sqlalchemy/migrate_repo/__init__.py'] = ''
    return {path: dedent(text).lstrip('\n') for path, text in texts.items()}


def write(to: Path, version: str = '2014.1.5', **changed: str) -> Path:
    """Write such a tree; ``changed`` maps a file's stem (``models='…'``) to another text for it."""
    for name, text in files(version).items():
        path = to / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(changed.get(path.stem, text).encode())
    return to
