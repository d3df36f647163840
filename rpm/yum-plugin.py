"""yum 3: a vendor's erratum of nova waits until its fork is on offer, and all other updates go on.

The same as dnf-plugin.py, which says why. EL6 and EL7: Python 2.6 and 2.7. yum runs plugins where /etc/yum.conf says
`plugins=1`, as the distributions have it.
"""

from rpmUtils.miscutils import compareEVR
from yum.plugins import TYPE_CORE

requires_api_version = '2.3'
plugin_type = (TYPE_CORE,)
FORK = 'python-nova-cascading'
SERVICES = 'openstack-nova'


def config_hook(conduit):
    """Be asked last: what a version lock hides would else be counted on. yum asks in alphabetical order."""
    hooks = getattr(getattr(conduit, '_parent', None), '_pluginfuncs', {})
    hooks.get('exclude', []).sort(key=lambda hook: hook[0] == 'nova_cascading')


def exclude_hook(conduit):
    """Hide what cannot come yet. Whatever goes wrong here is no reason for yum to stop."""
    try:
        waiting = early(conduit.getRpmDB().returnPackages(), conduit.getPackages())
        for package in waiting:
            conduit.delPackage(package)
    except Exception as error:
        conduit.error(2, 'nova-cascading: errata of nova are not held back: %s' % error)
        return
    if waiting:
        versions = sorted(set('%s-%s' % stock_evr(package)[1:] for package in waiting))
        conduit.info(2, 'nova-cascading: %s of nova waits until both the vendor\'s packages and their fork are in '
                        'enabled repositories; the other updates go on. Next, for the fork: '
                        'yum --enablerepo=nova-cascading update' % ', '.join(versions))


def early(installed, offered):
    """The packages on offer that cannot come yet: the vendor's without a fork, and a fork without the vendor's."""
    own = [package for package in installed if package.name == FORK]
    if not own:
        return []
    stock, present = own[0].obsoletes[0][0], stands_in_for(own[0])
    named = [package for package in installed if is_service(package.name)]
    # What others make under such a name is of a version of its own, and moves with no nova.
    strangers = set(package.name for package in named if evr(package) != present)
    services = set(package.name for package in named) - strangers
    vendors = [package for package in offered if package.name not in strangers and
               (is_service(package.name) or package.name in (stock, stock + '-tests'))]
    there = set((package.name, evr(package)) for package in vendors)
    # RDO drops a service by an Obsoletes of another package: with a version of that one, nothing is left to wait for.
    there.update((relation[0], evr(package)) for package in vendors for relation in package.obsoletes)
    newer = [package for package in offered if package.name == FORK and stands_in_for(package) != present]
    alone = [fork for fork in newer if [name for name in services if (name, stands_in_for(fork)) not in there]]
    known = [stands_in_for(fork) for fork in newer if fork not in alone]
    return alone + [package for package in vendors
                    if evr(package) not in known and compareEVR(evr(package), present) > 0]


def is_service(name):
    return name == SERVICES or name.startswith(SERVICES + '-')


def evr(package):
    return package.epoch, package.version, package.release


def stands_in_for(fork):
    """The exact version of the stock library that a fork provides."""
    stock = fork.obsoletes[0][0]
    return [given for name, _, given in fork.provides if name == stock][0]


def stock_evr(package):
    return stands_in_for(package) if package.name == FORK else evr(package)
