"""uv, which exchanges nova where a Python has no pip: the one that root may run, and what it would bring."""

import glob
import os
import shutil
import tempfile

from nova.cascading import errors, safefile
from nova.cascading.host import editable, tools


def program():
    """The path of the uv in the caller's PATH.

    :raises errors.CascadingError: there is none, or others than root and we could put another program in its place
    """
    places = [place for place in os.environ.get('PATH', '').split(':') if place.startswith('/')]
    found = [path for path in (os.path.join(place, 'uv') for place in places)
             if os.path.isfile(path) and os.access(path, os.X_OK)]
    if not found:
        raise errors.CascadingError('there is no uv in PATH')
    safefile.refuse_open_way(found[0])
    return found[0]


def words(uv, *more):
    # A uv.toml in the current directory would lead it to another index.
    return [uv, '--directory', '/', 'pip', 'install'] + list(more)


def offered(command, seconds):
    """The metadata of the nova that a command of words() would install: --dry-run does not tell them.

    :returns: the text; None when it would install none
    """
    place = tempfile.mkdtemp(prefix='nova-cascading-')
    try:
        tools.ask(command + ['--target', place], seconds=seconds)
        for path in glob.glob(os.path.join(place, 'nova-[0-9]*.dist-info', 'METADATA')):
            return editable.text(path)
    finally:
        shutil.rmtree(place)
    return None
