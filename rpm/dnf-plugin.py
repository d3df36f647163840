"""dnf: a vendor's erratum of nova waits until its fork is on offer, and all other updates go on.

The fork stands in for one exact version of the stock library. With best=True (the default of EL8 and later) dnf would
refuse a whole `dnf upgrade`, the updates of every other package too, over one erratum that cannot be installed yet; no
combination of Provides, Obsoletes and Conflicts prevents that. So what is newer than the newest fork stays unseen.
"""

import logging

import dnf

FORKS = ('python3-nova-cascading', 'python-nova-cascading')
# Who asks for updates is told; the output of all other commands is left alone.
TOLD = ('upgrade', 'update', 'upgrade-minimal', 'check-update', 'check-upgrade')


class NovaCascading(dnf.Plugin):

    name = 'nova_cascading'

    def __init__(self, base, cli):
        super().__init__(base, cli)
        self.base, self.cli = base, cli

    def sack(self):
        """Hide what has no fork yet. Whatever goes wrong here is no reason for dnf to stop."""
        logger = logging.getLogger('dnf')
        try:
            waiting = errata(self.base.sack)
            if waiting:
                self.base.sack.add_excludes(waiting)
        except Exception as error:
            logger.warning('nova-cascading: errata of nova are not held back: %s', error)
            return
        command = getattr(self.cli, 'command', None)
        if waiting and command is not None and command._basecmd in TOLD:
            logger.warning('nova-cascading: %s of nova waits until its fork is in the repository; the other updates '
                           'go on', ', '.join(sorted({package.evr for package in waiting})))


def errata(sack):
    """The packages on offer that are newer than any fork's stock version; None when this host has no fork."""
    forks = sack.query().filterm(name=list(FORKS))
    installed = forks.installed().run()
    if not installed:
        return None
    stock = str(installed[0].obsoletes[0]).split()[0]
    present, known = stands_in_for(installed[0], stock), [stands_in_for(package, stock) for package in forks]
    services = ['openstack-nova', 'openstack-nova-*', stock, stock + '-tests']
    newer = [package for package in sack.query().available().filterm(name__glob=services)
             if package.evr not in known and sack.evr_cmp(package.evr, present) > 0]
    return sack.query().filterm(pkg=newer) if newer else None


def stands_in_for(package, stock):
    """The exact version of the stock library that a fork provides, as Package.evr has it."""
    provided = [str(relation).split() for relation in package.provides]
    evr = next(words[2] for words in provided if words[0] == stock and words[1] == '=')
    return evr[2:] if evr.startswith('0:') else evr
