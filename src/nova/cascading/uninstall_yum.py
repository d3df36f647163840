"""The way back to the stock nova on hosts with dnf or yum."""

from nova.cascading import services


def installed(package):
    """Whether rpm has the package."""
    return services.which('rpm') and services.call(['rpm', '-q', package], quiet=True) == 0


def way_back(own, stock):
    """The shell lines that bring stock nova back, in order; the packages' scriptlets restart what runs."""
    return [swap(own, stock)]


def swap(own, stock):
    """dnf does it in one transaction; yum 3 needs its shell for that."""
    for line in services.output(['rpm', '-q', '--provides', own]).splitlines():
        if line.startswith(stock + ' = '):
            stock = '{0}-{1}'.format(stock, line.split()[-1])
    if services.which('dnf'):
        return 'dnf swap -y --allowerasing {0} {1}'.format(own, stock)
    return "printf 'remove {0}\\ninstall {1}\\nrun\\n' | yum -y shell".format(own, stock)
