"""Makes an instance on this host, as nova-compute can read it back, and maps it."""
import os
import sys
import uuid

import proxy_client
from nova.objects import flavor, instance

known = instance.Instance.create
SMALL = dict(id=1, name='small', memory_mb=1, vcpus=1, root_gb=0, ephemeral_gb=0, flavorid='1', swap=0, rxtx_factor=1,
             vcpu_weight=0, disabled=False, is_public=True, extra_specs={}, deleted=False)


def create(made):
    made.flavor = flavor.Flavor(**SMALL)
    made.old_flavor = made.new_flavor = None
    return known(made)


instance.Instance.create = create
sys.argv[1:] = []
context = proxy_client.connect()
made = proxy_client.create(context, os.uname()[1])
print(made, proxy_client.save(context, made, str(uuid.uuid4())))
sys.stdout.flush()
os._exit(0)
