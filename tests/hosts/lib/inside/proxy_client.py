"""Does to nova-conductor what a nova proxy does, without access to the database; any nova from 2014.1 on.

usage: proxy_client.py create HOST               a new active instance on HOST; prints its uuid
       proxy_client.py update UUID MAPPING       conductor.instance_update(ctx, uuid, mapping_uuid=MAPPING)
       proxy_client.py save UUID MAPPING         Instance.mapping_uuid = MAPPING; Instance.save()
       proxy_client.py get UUID                  prints the mapping, or "no such field"
       proxy_client.py list HOST                 prints uuid and mapping of each instance on HOST
       proxy_client.py destroy UUID              deletes the instance
       proxy_client.py port UUID NETWORK PORT    takes a neutron port for the instance
MAPPING may be "none".
"""

from __future__ import print_function

import glob
import sys

from nova.conductor import rpcapi
from nova.objects import base

from nova import config, context, objects


class NoDatabase:
    """Stands where nova's database code was."""

    def __getattr__(self, name):
        raise RuntimeError('a nova proxy has no access to the database, but it asked for ' + name)


def connect():
    config.parse_args(['nova-proxy'], default_config_files=sorted(glob.glob('/etc/nova/n*.conf'), reverse=True))
    objects.register_all()
    try:
        from nova.db.main import api as database
    except ImportError:
        from nova.db import api as database
    database.IMPL = NoDatabase()
    base.NovaObject.indirection_api = rpcapi.ConductorAPI()
    return context.RequestContext('proxy', 'demo', is_admin=True)


def mapping(word):
    return None if word == 'none' else word


def shown(instance):
    return str(instance.mapping_uuid).lower() if 'mapping_uuid' in instance.fields else 'no such field'


def create(ctx, host):
    from nova.objects import instance as instances
    values = {'user_id': 'proxy', 'project_id': 'demo', 'display_name': 'proxied', 'host': host, 'image_ref': '',
              'vm_state': 'active', 'memory_mb': 1, 'vcpus': 1, 'root_gb': 0, 'ephemeral_gb': 0}
    instance = instances.Instance()
    for name, value in values.items():
        setattr(instance, name, value)
    call(instance.create, ctx)
    print(instance.uuid)


def call(method, ctx):
    """Methods of objects took the context as an argument until 2015, and find it in the object since then."""
    owner = method.__self__
    owner._context = ctx
    try:
        return method(ctx)
    except TypeError:
        return method()


def find(ctx, uuid):
    from nova.objects import instance as instances
    return instances.Instance.get_by_uuid(ctx, uuid)


def update(ctx, uuid, value):
    from nova import conductor
    conductor.API().instance_update(ctx, uuid, mapping_uuid=mapping(value))


def save(ctx, uuid, value):
    instance = find(ctx, uuid)
    instance.mapping_uuid = mapping(value)
    call(instance.save, ctx)
    print(shown(instance))


def get(ctx, uuid):
    print(shown(find(ctx, uuid)))


def listing(ctx, host):
    from nova.objects import instance as instances
    for instance in instances.InstanceList.get_by_host(ctx, host):
        print(instance.uuid, shown(instance))


def destroy(ctx, uuid):
    call(find(ctx, uuid).destroy, ctx)


def port(ctx, uuid, network, port_id):
    try:
        from nova.network import neutron as api
    except ImportError:
        from nova.network.neutronv2 import api
    from nova.network import model
    instance = find(ctx, uuid)
    instance.info_cache.network_info = model.NetworkInfo([])
    if hasattr(objects, 'NetworkRequestList'):
        request = objects.NetworkRequest(network_id=network, port_id=port_id, address=None)
        requested = objects.NetworkRequestList(objects=[request])
        api.API().allocate_for_instance(ctx, instance, False, requested, bind_host_id='testhost')
    else:
        api.API().allocate_for_instance(ctx, instance, requested_networks=[(network, None, port_id)])


if __name__ == '__main__':
    actions = {'create': create, 'update': update, 'save': save, 'get': get, 'list': listing, 'destroy': destroy,
               'port': port}
    actions[sys.argv[1]](connect(), *sys.argv[2:])
