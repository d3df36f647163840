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


def exclude_hook(conduit):
    """Hide what has no fork yet. Whatever goes wrong here is no reason for yum to stop."""
    try:
        waiting = errata(conduit.getRpmDB().searchNames([FORK]), conduit.getPackages())
        for package in waiting:
            conduit.delPackage(package)
    except Exception as error:
        conduit.error(2, 'nova-cascading: errata of nova are not held back: %s' % error)
        return
    if waiting:
        versions = sorted(set('%s-%s' % (package.version, package.release) for package in waiting))
        conduit.info(2, 'nova-cascading: %s of nova waits until its fork is in an enabled repository; the other '
                        'updates go on. Next, for a fork: yum --enablerepo=nova-cascading update' % ', '.join(versions))


def errata(installed, offered):
    """The packages on offer that are newer than any fork's stock version."""
    if not installed:
        return []
    stock = installed[0].obsoletes[0][0]
    present = stands_in_for(installed[0], stock)
    known = [present] + [stands_in_for(package, stock) for package in offered if package.name == FORK]
    return [package for package in offered if is_of(package.name, stock)
            and evr(package) not in known and compareEVR(evr(package), present) > 0]


def is_of(name, stock):
    """Whether a package of this name belongs to the stock nova."""
    return name in (SERVICES, stock, stock + '-tests') or name.startswith(SERVICES + '-')


def evr(package):
    return package.epoch, package.version, package.release


def stands_in_for(package, stock):
    """The exact version of the stock library that a fork provides."""
    return [given for name, _, given in package.provides if name == stock][0]
