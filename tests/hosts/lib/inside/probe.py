"""Runs inside a test host: a client of nova-conductor with no access to the database, as a compute node is.

usage: probe.py create              prints the uuid of a new instance
       probe.py map UUID MAPPING    stores MAPPING in the instance and prints what the conductor gives back
       probe.py get UUID            prints the instance's mapping_uuid, or "stock" when its objects have no such field
       probe.py loop                until killed: changes and reads a new instance, one line of JSON a round
"""

import json
import sys
import time

from nova.conductor import rpcapi
from nova.objects import base

from nova import config, context, exception, objects

try:
    from nova.db.main import api as database
except ImportError:  # before Yoga
    from nova.db import api as database


class NoDatabase:
    """Stands where nova's database code was, and says so when it is called."""

    def __getattr__(self, name):
        raise exception.DBNotAllowed(binary='probe')


def connect():
    """Take the database away and send what objects do through the conductor."""
    config.parse_args(['probe'], default_config_files=['/etc/nova/nova.conf'])
    objects.register_all()
    database.DISABLE_DB_ACCESS = True
    database.IMPL = NoDatabase()
    base.NovaObject.indirection_api = rpcapi.ConductorAPI()
    return context.RequestContext(user_id='probe', project_id='probe', is_admin=True)


def create(ctxt):
    instance = objects.Instance(ctxt, user_id='probe', project_id='probe', display_name='probe', host='testhost',
                                image_ref='', vm_state='active', memory_mb=1, vcpus=1, root_gb=0, ephemeral_gb=0)
    instance.create()
    return instance.uuid


def assign(ctxt, uuid, mapping):
    instance = objects.Instance.get_by_uuid(ctxt, uuid)
    instance.mapping_uuid = mapping
    instance.save()
    return get(ctxt, uuid)


def get(ctxt, uuid):
    instance = objects.Instance.get_by_uuid(ctxt, uuid)
    return instance.mapping_uuid if 'mapping_uuid' in instance.fields else 'stock'


def loop(ctxt):
    uuid = create(ctxt)
    number = 0
    while True:
        number += 1
        started = time.time()
        line = {'at': started, 'number': number, 'error': None}
        try:
            instance = objects.Instance.get_by_uuid(ctxt, uuid)
            instance.display_name = f'round {number}'
            instance.save()
            read = objects.Instance.get_by_uuid(ctxt, uuid).display_name
            if read != f'round {number}':
                line['error'] = f'read {read!r} back'
        except Exception as error:  # every failure is a finding; the loop goes on
            line['error'] = repr(error)
        line['seconds'] = time.time() - started
        print(json.dumps(line), flush=True)
        time.sleep(0.1)


if __name__ == '__main__':
    result = {'create': create, 'map': assign, 'get': get, 'loop': loop}[sys.argv[1]](connect(), *sys.argv[2:])
    print(result)
