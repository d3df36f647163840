"""Which programs of nova are installed on this host: they tell whether a service here reads nova's databases."""

import glob
import os
import sys

# The services that read databases themselves; where one is installed, the database is here to be used.
READERS = ('nova-conductor', 'nova-api', 'nova-scheduler', 'nova-cells')
# What distributions install on hosts that only compute; Debian's nova-common has the WSGI programs, unused there.
ON_COMPUTE_HOSTS = frozenset('nova-' + name for name in (
    'compute', 'manage', 'status', 'policy', 'rootwrap', 'rootwrap-daemon', 'idmapshift', 'migration-wrapper',
    'api-wsgi', 'metadata-wsgi', 'clear-rabbit-queues', 'rpc-zmq-receiver', 'cascading', 'cascading-preflight'))


def places():
    """Where programs lie: pip puts those of a virtualenv, all of them, beside its Python."""
    return ('/usr/bin', '/usr/local/bin', os.path.dirname(sys.executable or '/usr/bin/python'))


def programs():
    return set(os.path.basename(path) for place in places() for path in glob.glob(os.path.join(place, 'nova-*')))


def readers():
    """The services that read databases themselves, of those known, which are installed."""
    found = programs()
    return [name for name in READERS if name in found]


def only_compute():
    """Whether no service but nova-compute is installed, for sure: a program that is not known may read databases."""
    found = programs()
    return 'nova-compute' in found and found <= ON_COMPUTE_HOSTS
