"""The way back to the stock nova on hosts with apt."""

from nova.cascading import services


def installed(package):
    """Whether dpkg has the package unpacked or configured."""
    if not services.which('dpkg-query'):
        return False
    return services.output(['dpkg-query', '-W', '-f', '${Status}', package]).startswith(('install', 'hold'))


def way_back(own, stock):
    """The shell lines that bring stock nova back, in order."""
    return [apt_line(stock, companions(own))] + restarts()


def missing(packages):
    """The stock package, if apt has none: asked for it, apt would take the fork for it, do nothing, exit 0."""
    for own in packages:
        stock = own.replace('-cascading', '')
        if installed(own) and 'Package: {0}\n'.format(stock) not in services.output(['apt-cache', 'show', stock]):
            return [stock]
    return []


def restarts():
    return [' '.join(command) for batch in services.batches(services.running())
            for command in services.restart_commands(batch)]


def companions(own):
    """(name, stock version) of service packages that were re-versioned for a dpkg without versioned Provides."""
    listed = services.output(['dpkg-query', '-W', '-f', '${Package} ${Version}\\n', 'nova-*'])
    packages = [line.split() for line in listed.splitlines() if '+cascading' in line]
    return [(name, version.rpartition('+cascading')[0]) for name, version in packages if name != own]


def apt_line(stock, reversioned):
    if not reversioned:
        return 'apt-get install -y {0}'.format(stock)
    exact = ['{0}={1}'.format(name, version) for name, version in [(stock, reversioned[0][1])] + reversioned]
    is_old = services.output(['apt-get', '--version']).startswith(('apt 0.', 'apt 1.0'))
    return 'apt-get install -y {0} {1}'.format('--force-yes' if is_old else '--allow-downgrades', ' '.join(exact))
