"""Restarts the nova services that run from a tree, and no others; names those that it may not restart.

A service is found by what the kernel knows of its process (program, mapped libraries, environment, unit), because
names and titles are as their makers liked. What cannot be told apart is said, and counts as unfinished.
"""

import glob
import os
import re

from installer import findnova, interpreters, processes, programs, trust, units
from installer.run import run
from installer.say import say
from installer.signals import Interrupted

RESTART = 300  # seconds: a service may finish its work first
OF_APACHE = re.compile(r'(?im)^\s*WSGI\w+\s.*\bnova\b')
APACHE = ('/etc/apache2/sites-enabled/*', '/etc/apache2/conf-enabled/*', '/etc/httpd/conf.d/*', '/etc/httpd/conf/*')
EMPEROR = re.compile(r'--emperor|^\s*emperor\s*[=:]', re.M)
NGINX_UNIT = ('/var/lib/unit/conf.json', '/var/lib/unit/state/conf.json')
YES, NO, UNKNOWN = 'yes', 'no', 'unknown'


class Service(object):
    """
    :ivar name: for people, e.g. ``nova-conductor``.
    :ivar restart: the command that restarts it and nothing else, or None.
    :ivar why: why there is none, for people.
    :ivar is_sure: whether it certainly runs the nova of that tree.
    """

    def __init__(self, process, name, is_sure):
        self.pid, self.name, self.is_sure = process.pid, name, is_sure
        self.restart, self.why = (None, '') if not is_sure else _restart_of(process, name)


def running(nova, before=None):
    """
    :param before: only those that had started by then, see processes.now().
    :returns: the services whose processes run that nova, or may run it, each once; a conductor first.
    """
    if before and before[0] != processes.now()[0]:
        return []  # the machine has started since
    all_of = dict((process.pid, process) for process in processes.running()
                  if before is None or process.started() <= before[1])
    verdicts = dict((pid, verdict(process, nova)) for pid, process in all_of.items())
    found, sure = {}, [all_of[pid] for pid, (answer, _) in verdicts.items() if answer == YES]
    # The master of a server has loaded nothing: what its workers say goes for it.
    told = set([process.above for process in sure] + [process.unit for process in sure if process.unit])
    for pid in sorted(verdicts):
        answer, name = verdicts[pid]
        if answer == UNKNOWN and told & set([pid, all_of[pid].unit]):
            continue
        # A worker is restarted with its master.
        if answer != NO and verdicts.get(all_of[pid].above, (NO, ''))[0] != answer:
            service = Service(all_of[pid], name, answer == YES)
            found.setdefault(tuple(service.restart or [pid]), service)
    # Peers with the new code need a conductor that knows it.
    return sorted(found.values(), key=lambda service: ('conductor' not in service.name, service.pid))


def verdict(process, nova):
    """:returns: (yes | no | unknown, the service's name): does that process run that nova?"""
    name = name_of(process)
    if name == NO:
        return NO, ''
    uses = tree_of(process, nova)
    shown = name if name != UNKNOWN else ' '.join(process.words)[:60]
    if NO in (name, uses) or name == uses == UNKNOWN:
        return NO, ''
    if UNKNOWN in (name, uses):
        return (UNKNOWN if process.unit or process.users <= _servants(nova) else NO), shown
    return YES, shown


def _servants(nova):
    """The users who run services: what anybody else starts under such a name is no question to the administrator."""
    owner = trust.owner_of(os.path.join(nova.parent, 'nova', '__init__.py'))
    return trust.ourselves() | findnova.nova_user() | set([owner])


def name_of(process):
    """:returns: which nova service a process is; "no" when it is none, "unknown" when that cannot be told."""
    name = programs.nova_of(process.words)
    if name or not process.is_server:
        return name or NO
    title = ' '.join(process.words)
    if re.search('apache2|httpd', os.path.basename(process.exe)):
        settings = [programs.text(path) for pattern in APACHE for path in glob.glob(pattern)]
        return 'nova in Apache' if any(OF_APACHE.search(text) for text in settings) else NO
    commands = _started_by(process)
    started = ' '.join([process.unit or ''] + commands)
    settings = programs.settings_of(process.words + commands, process.working_folder())
    settings += [programs.text(path) for path in NGINX_UNIT] if 'unit' in os.path.basename(process.exe) else []
    if programs.NOVA.search('\n'.join([title, started] + settings + process.open_files)):
        # A folder may be called nova-venv.
        files = ' '.join(os.path.basename(word) for word in process.words + started.split())
        match = re.search('nova-[a-z-]+', files) or re.search('nova-[a-z-]+', title + started)
        return match.group(0).rstrip('-') if match else title[:60]
    programs_named = set(os.path.basename(word) for word in commands)
    is_told = any(settings) or '--emperor' in process.words or os.path.basename(process.exe) in programs_named
    return NO if is_told else UNKNOWN


def _started_by(process):
    """The words that the unit of a process starts it with: a title that was written over says less."""
    unit = units.read(process.unit) if process.unit else None
    return [word for words in unit.commands for word in programs.spread(words)] if unit else []


def tree_of(process, nova):
    """:returns: whether a process, if it is a nova, is that one."""
    if not process.is_here:
        inside = '/proc/{0}/root{1}/nova/__init__.py'.format(process.pid, nova.parent)
        return YES if processes.same(inside, os.path.join(nova.parent, 'nova', '__init__.py')) else NO
    named = programs.parents_of(process.words, process.environ)
    if named:
        return YES if named[0] == nova.parent else NO
    modules = process.modules
    if modules & set([nova.parent, os.path.realpath(nova.parent)]):
        return YES
    asked = process.interpreters()[:1]
    if nova.python and interpreters.parent_of(nova.python) == nova.parent and _prefix(nova.python) in [
            _prefix(python) for python in asked] + sorted(modules):
        return YES
    _, is_module = programs.script_of(process.words)
    if is_module and process.working_folder() == nova.parent:  # python -m looks in the current folder first
        return YES
    answer = _parent_of(asked[0]) if asked else None
    return UNKNOWN if answer is None else YES if answer == nova.parent else NO


def _prefix(python):
    return os.path.dirname(os.path.dirname(os.path.abspath(python)))


def _parent_of(python):
    """Ask an interpreter, but only one that nobody else can have put there."""
    if trust.weakness_of_interpreter(python, trust.ourselves()):
        return None
    return interpreters.parent_of(python)


# --- restarting ------------------------------------------------------------------------------------------------------

def _restart_of(process, name):
    """:returns: (command or None, why not)"""
    if not process.is_here:
        return None, 'it runs in a container: restart that'
    unit = process.unit
    if unit:
        if _is_shared(_top_of(process), ' '.join([unit] + _started_by(process))):
            return None, '{0} started it, and others too: systemctl restart {0} takes them along'.format(unit)
        return ['systemctl', 'restart', unit], ''
    if os.path.exists('/etc/init/{0}.conf'.format(name)) or os.path.exists('/etc/init.d/{0}'.format(name)):
        return ['service', name, 'restart'], ''
    return None, 'no unit or init script here started it: restart what did, or its container'


def _is_shared(top, started):
    """Whether a unit's first process looks after more than this one service."""
    words = ' '.join(top.words + [top.exe or ''])
    settings = programs.settings_of(top.words + started.split(), top.working_folder())
    if EMPEROR.search('\n'.join([words] + settings)) or processes.SHARED.search(words):
        return True
    return name_of(top) == NO and not programs.NOVA.search(started)


def _top_of(process):
    """The first process of its unit."""
    above = processes.Process(process.above)
    while above.pid > 1 and above.words and above.unit == process.unit:
        process, above = above, processes.Process(above.above)
    return process


def restart(nova, found):
    """Restart what runs from that tree.

    :param found: what running() found.
    :returns: whether all that may run it was restarted or named; what cannot be told apart counts as unfinished.
    """
    worked = True
    for service in found:
        if not service.is_sure:
            say('could not tell whether it runs this nova: {0} (process {1}); restart it yourself if it does'.format(
                service.name, service.pid))
        elif service.restart is None:
            say('restart it yourself, it still runs the code of before: {0} (process {1}){2}'.format(
                service.name, service.pid, service.why and '; ' + service.why))
        worked = worked and service.is_sure
    left = [service for service in found if service.restart]
    try:
        while left:
            worked = _restart(left[0], nova) and worked
            left.pop(0)
    except Interrupted as error:
        say('{0}; NOT restarted: {1}'.format(error, ', '.join(' '.join(service.restart) for service in left)))
        return False
    return worked


def _restart(service, nova):
    """:returns: whether it was, and the old process is gone."""
    command = ' '.join(service.restart)
    status, output = run(service.restart, RESTART)
    if status:
        say('NOT restarted: {0}: {1}'.format(command, output.strip()))
    elif service.pid in [other.pid for other in running(nova)]:
        status = 1
        say('NOT restarted: {0} (process {1}) still runs the code of before, after: {2}'.format(
            service.name, service.pid, command))
    else:
        say('restarted {0}: {1}'.format(service.name, command))
    return status == 0
