"""Runs inside a test host, on any Python that runs nova: stores a mapping through a real nova-conductor.

usage: mapped.py MAPPING    makes an instance, stores MAPPING in it through the conductor, prints what is read back
"""

import sys

import eventlet

eventlet.monkey_patch(os=False)

from nova import config, context  # noqa: E402

CONFIG = ['/etc/nova/nova.conf']


def icehouse(mapping):
    """Icehouse's clients name the columns they change; only nova-conductor writes them."""
    from nova.conductor import api

    from nova import db

    config.parse_args(['probe'], default_config_files=CONFIG)
    admin = context.get_admin_context()
    uuid = db.instance_create(admin, {'host': 'testhost', 'display_name': 'probe'})['uuid']
    api.API().instance_update(admin, uuid, mapping_uuid=mapping)
    return db.instance_get_by_uuid(admin, uuid)['mapping_uuid']


def later(mapping):
    """Objects go through the conductor whole; this process has no other way to the database."""
    from nova.conductor import rpcapi
    from nova.objects import base

    from nova import objects

    config.parse_args(['probe'], default_config_files=CONFIG)
    objects.register_all()
    base.NovaObject.indirection_api = rpcapi.ConductorAPI()
    admin = context.RequestContext(user_id='probe', project_id='probe', is_admin=True)
    instance = objects.Instance(admin, user_id='probe', project_id='probe', display_name='probe', host='testhost',
                                image_ref='', vm_state='active', memory_mb=1, vcpus=1, root_gb=0, ephemeral_gb=0)
    instance.create()
    instance.mapping_uuid = mapping
    instance.save()
    return objects.Instance.get_by_uuid(admin, instance.uuid).mapping_uuid


if __name__ == '__main__':
    from nova.objects.instance import Instance
    run = icehouse if Instance.VERSION == '1.13' else later
    print(run(sys.argv[1]))
