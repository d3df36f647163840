"""Makes an instance on this host, with a flavor, as nova-compute wants to read it back, and maps it."""

import os
import sys
import uuid

import proxy_client
from nova.objects import flavor, instance

SMALL = {'id': 1, 'name': 'small', 'memory_mb': 1, 'vcpus': 1, 'root_gb': 0, 'ephemeral_gb': 0, 'flavorid': '1',
         'swap': 0, 'rxtx_factor': 1, 'vcpu_weight': 0, 'disabled': False, 'is_public': True, 'extra_specs': {},
         'deleted': False}
create = instance.Instance.create


def create_with_flavor(made):
    made.flavor, made.old_flavor, made.new_flavor = flavor.Flavor(**SMALL), None, None
    return create(made)


instance.Instance.create = create_with_flavor
context = proxy_client.connect()
made = proxy_client.create(context, os.uname()[1])
print(proxy_client.save(context, made, str(uuid.uuid4())))
sys.stdout.flush()
os._exit(0)  # threads of the message bus would keep it
