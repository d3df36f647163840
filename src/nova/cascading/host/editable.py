"""A nova that runs from its source (`pip install -e`, devstack): which tree that is, and what pip knows of it."""

import glob
import json
import os
import sys

import nova

try:
    from urllib.parse import unquote
except ImportError:  # Python 2
    from urllib import unquote


def tree():
    """The directory that this nova lies in."""
    return os.path.dirname(os.path.dirname(os.path.abspath(nova.__file__)))


def metadata():
    """The directory in which pip keeps what it knows of this nova; None where it does not run from its source."""
    for place in filter(None, sys.path):
        for path in glob.glob(os.path.join(place, 'nova-[0-9]*-info', 'direct_url.json')):
            if is_here(linked(path)):
                return os.path.dirname(path)
        link = os.path.join(place, 'nova.egg-link')  # of pips before 2022, and of nova without a pyproject.toml
        if os.path.exists(link) and is_here(text(link).split('\n')[0]):
            return os.path.join(tree(), 'nova.egg-info')
    return None


def linked(path):
    """The tree that a direct_url.json (PEP 610) names; None where pip has copied it."""
    try:
        said = json.loads(text(path))
        return unquote(str(said['url'])).partition('file://')[2] if said['dir_info'].get('editable') else None
    except (ValueError, KeyError, TypeError):
        return None


def is_here(place):
    return bool(place) and os.path.realpath(place) == os.path.realpath(tree())


def text(path):
    with open(path, 'rb') as stream:
        return stream.read().decode('utf-8', 'replace')
