"""Fill in the connection string of a cell: {fields} in it take their values from nova.conf (nova's guide to cells)."""

try:
    from urllib import parse as urlparse
except ImportError:
    import urlparse


def fill_in(template, main_url):
    """A cell's connection string as nova reads it.

    :param template: database_connection or transport_url of a cell mapping
    :param main_url: [database] connection or [DEFAULT] transport_url of nova.conf, or None
    :returns: the template as it is, as in nova, when it has no fields or they cannot be filled in
    """
    if '{' not in template or not main_url:
        return template
    try:
        return template.format(**values(main_url))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return template


def values(main_url):
    """Name -> value of the fields; a URL that names several hosts gives numbered ones as well: hostname1, port2, ..."""
    main = urlparse.urlparse(main_url)
    found = {'username': main.username, 'password': main.password, 'hostname': main.hostname, 'port': main.port,
             'scheme': main.scheme, 'query': main.query, 'fragment': main.fragment, 'path': main.path.lstrip('/')}
    hosts = main.netloc.split(',')
    for number, host in enumerate(hosts if len(hosts) > 1 else [], 1):
        found.update(('{0}{1}'.format(name, number), value) for name, value in _parts(host))
    return found


def _parts(host):
    """[(field, value)] of one `user:password@host:port`."""
    credentials, _, place = host.partition('@') if '@' in host else ('', '', host)
    username, colon, password = credentials.partition(':')
    address, port = _address(place)
    return [('username', username), ('password', password if colon else None), ('hostname', address), ('port', port)]


def _address(place):
    """(host, port); brackets are IPv6's, and several colons without them are an address without a port."""
    if place.startswith('['):
        host, _, rest = place[1:].partition(']')
        return host, int(rest[1:]) if rest.startswith(':') else None
    host, colon, port = place.partition(':')
    if ':' in port:
        return place, None
    return host, int(port) if colon else None
