"""Finds the nova that this host runs, and the Python interpreter that runs it.

Whatever is asked for it runs as us, mostly as root: so only what root alone, or the owner of a tree that root has
named (on the command line or in a unit), can write.
"""

import glob
import os
import pwd

from installer import interpreters, processes, programs, trust, units
from installer.programs import PYTHONS, which
from installer.say import Refusal, quoted, refuse_others, say

SCRIPTS = ('nova-manage', 'nova-conductor', 'nova-api', 'nova-scheduler', 'nova-compute')
# Where OpenStack-Ansible, Kolla, LOCI, devstack, conda, pyenv and people put what nothing points to while stopped.
PLACES = ('/opt/*/bin', '/opt/stack/data/venv/bin', '/opt/*/venv/bin', '/opt/*/.venv/bin', '/opt/venvs/*/bin',
          '/openstack/venvs/nova*/bin', '/var/lib/kolla/venv/bin', '/var/lib/openstack/bin',
          '/opt/*conda*/envs/*/bin', '/opt/pyenv/versions/*/bin',
          '/root/.pyenv/versions/*/bin', '/root/.local/bin', '/srv/*/bin', '/usr/local/*/bin', '/var/lib/nova/*/bin')
BOTH = ('say where it is, and which interpreter runs it: --nova-parent DIR (the directory that holds nova/) '
        '--python PYTHON')


class Nova(object):
    """
    :ivar parent: the directory that holds ``nova/``, without symbolic links.
    :ivar python: the interpreter that runs it, or None when there is none to be found.
    """

    def __init__(self, parent, python):
        self.parent = parent
        self.python = python


class Candidate(object):
    """
    :ivar python: an interpreter that may run nova; it was not asked yet.
    :ivar parents: directories that hold a nova and are named before the interpreter's own.
    :ivar users: who may write it and still be trusted.
    :ivar must: whether it is known to run nova, so that it cannot be passed over in silence.
    """

    def __init__(self, python, parents=(), users=(), must=False):
        self.python, self.parents, self.must = python, list(parents), must
        self.users = trust.ourselves() | set(users)


def find(parent=None, python=None):
    """
    :param parent: the administrator's word on where nova is (--nova-parent).
    :param python: his word on the interpreter (--python).
    :raises Refusal: there is none, or more than one, or others can write what would be run.
    """
    if parent is not None:
        nova = _given(os.path.realpath(parent), python)
    elif python is not None:
        chosen = Candidate(os.path.abspath(python), users=[trust.owner_of(python)], must=True)
        nova = _only(_parents([chosen], []))
    else:
        nova = _search()
    if nova is None:
        raise Refusal('no Python of this host has a nova', BOTH)
    reason = trust.weakness_of_folder(nova.parent, _users(nova)) or trust.weakness_of_modules(
        os.path.join(nova.parent, 'nova'), _users(nova))
    refuse_others(os.path.join(nova.parent, 'nova'), reason,
                  'chmod -R go-w {0}'.format(quoted(os.path.join(nova.parent, 'nova'))))
    return nova


def _users(nova):
    return trust.ourselves() | set([trust.owner_of(os.path.join(nova.parent, 'nova', '__init__.py'))])


def _given(parent, python):
    if not programs.holds_nova(parent):
        raise Refusal('{0} holds no nova/'.format(parent), 'give the directory that holds nova/ itself')
    owner = trust.owner_of(os.path.join(parent, 'nova', '__init__.py'))
    if python is not None:
        python = os.path.abspath(python)
        refuse_others(python, trust.weakness_of_interpreter(python, trust.ourselves() | set([owner])), '')
        return Nova(parent, python)
    passed = []
    found = _of_processes() + _of_units() + _of_scripts() + [Candidate(path) for path in _around(parent)]
    for candidate in found:
        candidate.users.add(owner)
        candidate.must = False
    python = _parents(found, passed).get(parent)
    _tell(passed if python is None else [])
    return Nova(parent, python)


def _search():
    passed = []
    for source in (_of_processes, _of_units, _of_scripts, _of_system):
        nova = _only(_parents(source(), passed))
        if nova:
            _tell(passed)
            return nova
    _tell(passed)
    return None


def _tell(passed):
    for text in passed:
        say('not asked: {0}'.format(text))


def _only(found):
    if len(found) > 1:
        raise Refusal('this host has more than one nova: {0}'.format(', '.join(sorted(found))),
                      'say which one: --nova-parent {0}'.format(quoted(sorted(found)[0])))
    return [Nova(parent, python) for parent, python in found.items()][0] if found else None


def _parents(candidates, passed):
    """
    :param passed: gets a sentence for each interpreter that was not asked.
    :returns: parent -> interpreter.
    :raises Refusal: one that is known to run nova can be written by others.
    """
    found = {}
    for candidate in candidates:
        python = candidate.python
        reason = trust.weakness_of_interpreter(python, candidate.users)
        for folder in candidate.parents:
            reason = reason or trust.weakness_of_folder(folder, candidate.users)
        if reason and candidate.must:
            refuse_others(python, reason, 'if you trust that user: --nova-parent DIR, the directory that holds '
                          'nova/ (its owner may then write it); else take the right to write from others')
        elif reason:
            passed.append('{0}, as {1}'.format(python, reason))
            continue
        parent = candidate.parents[0] if candidate.parents else interpreters.parent_of(python)
        if parent:
            found.setdefault(parent, python)
    return found


# --- where to look ---------------------------------------------------------------------------------------------------

def _of_processes():
    """Of processes that root, nova or we ourselves run: anybody can give a program of his own a command line."""
    found, users = [], trust.ourselves() | nova_user()
    for process in processes.running():
        if process.users <= users and process.is_here and process.says_nova:
            parents = programs.parents_of(process.words, process.environ)
            found += [Candidate(python, parents[:1], must=True) for python in process.interpreters()[:1]]
    return found


def nova_user():
    try:
        return set([pwd.getpwnam('nova').pw_uid])
    except KeyError:
        return set()


def _of_units():
    """Root wrote them, so the user that one names is trusted with what it runs."""
    found = []
    for unit in units.every():
        for words in unit.commands if unit.is_nova else []:
            parents = programs.parents_of(words, unit.environ)
            found += [Candidate(python, parents[:1], [unit.user]) for python in
                      programs.interpreters_of(words, unit.environ)[:1] or (parents and _of_path() or [])]
    return found


def _of_scripts():
    scripts = [which(name) for name in SCRIPTS]
    scripts += [path for place in PLACES for path in sorted(glob.glob(place + '/nova-manage'))]
    found = []
    for script in [script for script in scripts if script]:
        # A virtualenv that was moved: its scripts name an interpreter that is gone, and the one beside them runs nova.
        found += [Candidate(path, programs.parents_of([path, script], {})[:1])
                  for path in programs.interpreters_of([script], {})[:1]]
    return found


def _of_system():
    return [Candidate(path) for path in _of_path()]


def _of_path():
    return [path for path in map(which, PYTHONS) if path]


def _around(parent):
    """The interpreter of the virtualenv that a site-packages directory is in."""
    found, above = [], parent
    while os.path.dirname(above) != above:
        above = os.path.dirname(above)
        found += [path for path in (os.path.join(above, 'bin', name) for name in PYTHONS) if os.path.exists(path)]
    return found
