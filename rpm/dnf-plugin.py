"""dnf: a vendor's erratum of nova waits until its fork is on offer (or the other way round); all other updates go on.

The fork stands in for one exact version of the stock library. With best=True (the default of EL8 and later) dnf would
refuse a whole `dnf upgrade`, the updates of every other package too, over one erratum that cannot be installed yet; no
combination of Provides, Obsoletes and Conflicts prevents that. So what cannot come yet stays unseen.
"""

import logging

import dnf

FORKS = ('python3-nova-cascading', 'python-nova-cascading')
SERVICES = ('openstack-nova', 'openstack-nova-*')
# Who asks for updates is told; the output of all other commands is left alone.
TOLD = ('upgrade', 'upgrade-minimal', 'distro-sync', 'check-update')  # whatever alias is typed


class NovaCascading(dnf.Plugin):

    name = 'nova_cascading'

    def __init__(self, base, cli):
        super().__init__(base, cli)
        self.base, self.cli = base, cli

    def config(self):
        """Be asked last: what a version lock hides would else be counted on. dnf asks in the order of a directory."""
        loaded = getattr(self.base, '_plugins', None)
        if hasattr(loaded, 'plugins'):
            loaded.plugins = sorted(loaded.plugins, key=lambda one: one is self)

    def sack(self):
        """Hide what cannot come yet. Whatever goes wrong here is no reason for dnf to stop."""
        logger = logging.getLogger('dnf')
        try:
            waiting = early(self.base.sack)
            if waiting:
                self.base.sack.add_excludes(self.base.sack.query().filterm(pkg=waiting))
        except Exception as error:
            logger.warning('nova-cascading: errata of nova are not held back: %s', error)
            return
        command = getattr(self.cli, 'command', None)
        if waiting and command is not None and command._basecmd in TOLD:
            logger.warning('nova-cascading: %s of nova waits until both the vendor\'s packages and their fork are on '
                           'offer; the other updates go on', ', '.join(sorted({stock_evr(one) for one in waiting})))


def early(sack):
    """The packages on offer that cannot come yet: the vendor's without a fork, and a fork without the vendor's."""
    installed = sack.query().installed().filterm(name=list(FORKS)).run()
    if not installed:
        return []
    stock, present = str(installed[0].obsoletes[0]).split()[0], stands_in_for(installed[0])
    named = sack.query().installed().filterm(name__glob=list(SERVICES)).run()
    # What others make under such a name is of a version of its own, and moves with no nova.
    strangers = {package.name for package in named if package.evr != present}
    services = {package.name for package in named} - strangers
    offered = sack.query().available()
    vendors = [package for package in offered.filter(name__glob=[*SERVICES, stock, stock + '-tests'])
               if package.name not in strangers]
    there = {(package.name, package.evr) for package in vendors}
    # RDO drops a service by an Obsoletes of another package: with a version of that one, nothing is left to wait for.
    there |= {(str(relation).split()[0], package.evr) for package in vendors for relation in package.obsoletes}
    newer = [fork for fork in offered.filter(name=list(FORKS)) if stands_in_for(fork) != present]
    alone = [fork for fork in newer if not all((name, stands_in_for(fork)) in there for name in services)]
    known = {stands_in_for(fork) for fork in newer if fork not in alone}
    return alone + [package for package in vendors
                    if package.evr not in known and sack.evr_cmp(package.evr, present) > 0]


def stands_in_for(fork):
    """The exact version of the stock library that a fork provides, as Package.evr has it."""
    stock = str(fork.obsoletes[0]).split()[0]
    provided = [str(relation).split() for relation in fork.provides]
    evr = next(words[2] for words in provided if words[0] == stock and words[1] == '=')
    return evr[2:] if evr.startswith('0:') else evr


def stock_evr(package):
    return stands_in_for(package) if package.name in FORKS else package.evr
