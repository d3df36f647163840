"""Does to nova-conductor what a nova proxy does, without access to the database; any nova from 2014.1 on.

usage: proxy_client.py create HOST               a new active instance on HOST; tells its uuid
       proxy_client.py update UUID MAPPING       conductor.instance_update(ctx, uuid, mapping_uuid=MAPPING), to Liberty
       proxy_client.py save UUID MAPPING         Instance.mapping_uuid = MAPPING; Instance.save(); tells the mapping
       proxy_client.py rename UUID NAME          Instance.display_name = NAME; Instance.save()
       proxy_client.py get UUID                  tells the mapping, or "no such field"
       proxy_client.py list HOST                 tells uuid and mapping of each instance on HOST
       proxy_client.py destroy UUID              deletes the instance
       proxy_client.py port UUID NETWORK PORT [pci]
                                                 takes a neutron port for the instance, as a PCI device of its if asked
       proxy_client.py older UUID [fork]         takes it from a message, renames and reads it with objects one version
                                                 older, stock ones or a fork's; tells version and mapping of both
       proxy_client.py serve                     takes such commands from standard input, each a line of JSON, and
                                                 answers each with a line of JSON: [whether it succeeded, what it tells]
MAPPING may be "none". Configuration is read from /etc/nova, or the directory that NOVA_PROXY_CONF names.
"""

from __future__ import print_function

import glob
import json
import os
import sys
import traceback

from nova.conductor import rpcapi
from nova.objects import base

from nova import config, context, objects


class NoDatabase:
    """Stands where nova's database code was."""

    def __getattr__(self, name):
        raise RuntimeError('a nova proxy has no access to the database, but it asked for ' + name)


def connect():
    files = sorted(glob.glob(os.environ.get('NOVA_PROXY_CONF', '/etc/nova') + '/n*.conf'), reverse=True)
    config.parse_args(['nova-proxy'], default_config_files=files)
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
    return instance.uuid


def call(method, ctx):
    """Methods of objects took the context as an argument until Juno, and find it in the object since then."""
    if version_of_instances() < (1, 16):
        return method(ctx)
    method.__self__._context = ctx
    return method()


def version_of_instances():
    from nova.objects import instance as instances
    return tuple(int(number) for number in instances.Instance.VERSION.split('.'))


def find(ctx, uuid):
    from nova.objects import instance as instances
    return instances.Instance.get_by_uuid(ctx, uuid)


def update(ctx, uuid, value):
    from nova import conductor
    conductor.API().instance_update(ctx, uuid, mapping_uuid=mapping(value))
    return ''


def save(ctx, uuid, value):
    instance = find(ctx, uuid)
    instance.mapping_uuid = mapping(value)
    call(instance.save, ctx)
    return shown(instance)


def rename(ctx, uuid, name):
    instance = find(ctx, uuid)
    instance.display_name = name
    call(instance.save, ctx)
    return instance.display_name


def get(ctx, uuid):
    return shown(find(ctx, uuid))


def listing(ctx, host):
    from nova.objects import instance as instances
    found = instances.InstanceList.get_by_host(ctx, host)
    return '\n'.join('{0} {1}'.format(instance.uuid, shown(instance)) for instance in found)


def destroy(ctx, uuid):
    call(find(ctx, uuid).destroy, ctx)
    return ''


def older(ctx, uuid, kind='stock'):
    from nova.objects import instance as instances
    known = instances.Instance
    sent = find(ctx, uuid).obj_to_primitive()  # what a newer service puts into its messages
    major, minor = version_of_instances()
    known.VERSION = '{0}.{1}'.format(major, minor - 1)
    if kind == 'stock':
        known.fields = {name: field for name, field in known.fields.items() if name != 'mapping_uuid'}
    received = base.NovaObjectSerializer().deserialize_entity(ctx, sent)  # asks the conductor for the older one
    rename(ctx, uuid, 'renamed by an older client')
    read = find(ctx, uuid)
    assert read.display_name == 'renamed by an older client'
    return '\n'.join('{0} {1}'.format(one.VERSION, shown(one)) for one in (received, read))


def device(request):
    return objects.PciDevice(address='0000:0a:00.1', vendor_id='8086', product_id='10ed', dev_type='type-PCI',
                             parent_addr=None, request_id=request, extra_info={})


def port(ctx, uuid, network, port_id, kind=''):
    try:
        from nova.network import neutron as api
    except ImportError:
        from nova.network.neutronv2 import api
    from nova.network import model
    instance = find(ctx, uuid)
    instance.info_cache.network_info = model.NetworkInfo([])
    call(instance.info_cache.save, ctx)
    if not hasattr(objects, 'NetworkRequestList'):
        api.API().allocate_for_instance(ctx, instance, requested_networks=[(network, None, port_id)])
        return ''
    request = objects.NetworkRequest(network_id=network, port_id=port_id, address=None)
    if kind == 'pci':
        request.pci_request_id = port_id  # any id will do
        instance.pci_devices = objects.PciDeviceList(objects=[device(port_id)])
    words = {'requested_networks': objects.NetworkRequestList(objects=[request]), 'bind_host_id': 'testhost'}
    if 'vpn' in api.API.allocate_for_instance.__code__.co_varnames:  # until Pike
        words['vpn'] = False
    api.API().allocate_for_instance(ctx, instance, **words)
    return ''


ACTIONS = {'create': create, 'update': update, 'save': save, 'rename': rename, 'get': get, 'list': listing,
           'destroy': destroy, 'older': older, 'port': port}


def serve(ctx):
    for line in iter(sys.stdin.readline, ''):
        words = json.loads(line)
        try:
            answer = [True, ACTIONS[words[0]](ctx, *words[1:])]
        except Exception:
            answer = [False, traceback.format_exc()]
        print(json.dumps(answer))
        sys.stdout.flush()


if __name__ == '__main__':
    if sys.argv[1] == 'serve':
        serve(connect())
    else:
        print(ACTIONS[sys.argv[1]](connect(), *sys.argv[2:]))
        sys.stdout.flush()
        os._exit(0)  # threads of later message buses would keep it for ten seconds
