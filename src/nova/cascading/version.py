"""Which nova-cascading made this fork; the builder writes it down beside these modules."""

import os

UNKNOWN = '(not packaged)'


def text():
    """:returns: for instance '2'; UNKNOWN in a checkout, and in the preflight, which is one file without a place"""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'VERSION')
    if __file__.startswith('<') or not os.path.exists(path):
        return UNKNOWN
    with open(path) as stream:
        return stream.read().strip()
