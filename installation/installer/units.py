"""The services that systemd knows: as it says itself where it runs, else read from its files with their grammar."""

import glob
import os
import pwd
import re
import shlex

from installer import files, programs, trust
from installer.run import run

# systemd.unit(5): the first folder that has a unit wins; drop-ins come from all.
FOLDERS = ('/etc/systemd/system.control', '/run/systemd/system.control', '/run/systemd/transient',
           '/run/systemd/generator.early', '/etc/systemd/system', '/etc/systemd/system.attached', '/run/systemd/system',
           '/run/systemd/system.attached', '/run/systemd/generator', '/usr/local/lib/systemd/system',
           '/usr/lib/systemd/system', '/lib/systemd/system', '/run/systemd/generator.late')
SHOWN = re.compile(r'\{ path=(.*?) ; argv\[\]=(.*?) ; ignore_errors=')
LISTS = ('ExecStart', 'Environment', 'EnvironmentFile')
SECONDS = 30


class Unit(object):
    """
    :ivar commands: word lists of its ExecStart lines.
    :ivar environ: what it sets.
    :ivar user: id of the user it runs as; root chose both when root alone can write the unit.
    """

    def __init__(self, name, commands, environ, user):
        self.name, self.commands, self.environ = name, commands, environ
        self.user = _uid(user)

    @property
    def is_nova(self):
        words = [word for command in self.commands for word in programs.spread(command)]
        return bool(programs.NOVA.search(' '.join([self.name] + words))
                    or any(programs.nova_of(command) for command in self.commands))


def _uid(user):
    try:
        return int(user) if user.isdigit() else pwd.getpwnam(user or 'root').pw_uid
    except KeyError:
        return None


def every():
    """:returns: all units of this host, running or not."""
    shown = _shown() if os.path.isdir('/run/systemd/system') else {}
    for name in _names():
        if name not in shown:
            unit = read(name)
            if unit:
                shown[name] = unit
    return [shown[name] for name in sorted(shown)]


def _names():
    """Templates too: their instances may be stopped, and nothing but the template is there to be read then."""
    found = set()
    for folder in FOLDERS:
        for path in glob.glob(folder + '/*.service') + glob.glob(folder + '/*.wants/*.service'):
            found.add(os.path.basename(path))
    return sorted(found)


# --- as systemd says -------------------------------------------------------------------------------------------------

def _shown():
    listed = run(['systemctl', 'list-units', '--no-legend', '--no-pager', '--full', '--all', '--type=service'],
                 SECONDS)[1]
    loaded = re.findall(r'(?m)^\W*(\S+\.service)\s', listed)
    names = sorted(set(name for name in loaded + _names() if '@.' not in name))
    status, output = run(['systemctl', 'show', '--no-pager', '-p', 'Id', '-p', 'User', '-p', 'ExecStart', '-p',
                          'Environment', '-p', 'EnvironmentFiles'] + names, SECONDS) if names else (1, '')
    found = [_of_show(block.splitlines()) for block in output.split('\n\n')] if status == 0 else []
    return dict((unit.name, unit) for unit in found if unit.name)


def _of_show(lines):
    pairs = [line.split('=', 1) for line in lines if '=' in line]
    values = dict(pairs)
    commands = []
    for key, value in pairs:
        for path, argv in SHOWN.findall(value) if key == 'ExecStart' else []:
            rest = argv[len(path):] if argv.startswith(path) else argv.partition(' ')[2]
            commands.append([path] + rest.split())
    environ = _environ([value for key, value in pairs if key == 'Environment'],
                       [value.partition(' (')[0] for key, value in pairs if key == 'EnvironmentFiles'])
    return Unit(values.get('Id', ''), commands, environ, values.get('User', ''))


# --- as its files say ------------------------------------------------------------------------------------------------

def read(name):
    """:returns: the unit of that name as its files say, or None when it is masked or somebody but root can write it."""
    template = re.sub('@.*[.]', '@.', name)
    paths = [path for one in (name, template) for path in _all_of(one)][:1]
    for dropins in dropin_folders(name):
        paths += sorted(_first_of_each(dropins), key=os.path.basename)
    if not paths or os.path.realpath(paths[0]) == os.devnull or any(trust.weakness(path, [0]) for path in paths):
        return None
    settings = dict((key, []) for key in LISTS + ('User',))
    instance = name.partition('@')[2].rpartition('.')[0]
    for path in paths:
        for key, value in settings_of(files.text_of(files.read(path))):
            settings.setdefault(key, []).append(value.replace('%i', instance).replace('%I', instance))
            if key in LISTS and not value:  # an empty value takes back what came before
                settings[key] = []
    commands = [words_of(value.lstrip('-@+!:|')) for value in settings['ExecStart']]
    environ = _environ(settings['Environment'], [value.lstrip('-') for value in settings['EnvironmentFile']])
    return Unit(name, [words for words in commands if words], environ, (settings['User'] or [''])[-1])


def _all_of(name):
    return [path for path in (os.path.join(folder, name) for folder in FOLDERS) if os.path.isfile(path)
            or os.path.islink(path) and os.path.realpath(path) == os.devnull]


def dropin_folders(name):
    """:returns: names of the folders whose \\*.conf change a unit, the most general first."""
    stem = name[:-len('.service')]
    general = ['service.d'] + [stem[:place + 1] + '.service.d' for place, sign in enumerate(stem) if sign == '-']
    template = [stem.partition('@')[0] + '@.service.d'] if '@' in stem else []
    return general + template + [name + '.d']


def _first_of_each(dropins):
    found = {}
    for folder in reversed(FOLDERS):
        for path in glob.glob(os.path.join(folder, dropins, '*.conf')):
            found[os.path.basename(path)] = path
    return found.values()


def settings_of(text):
    """:returns: [(key, value)] of the [Service] section: spaces round '=', continuation lines, comments inside them."""
    found, section, before = [], '', ''
    for line in text.splitlines():
        if line.strip()[:1] in ('#', ';') or not before and not line.strip():
            continue
        if line.endswith('\\'):
            before += line[:-1] + ' '
            continue
        line, before = (before + line).strip(), ''
        if line.startswith('['):
            section = line
        elif section == '[Service]' and '=' in line:
            key, _, value = line.partition('=')
            found.append((key.strip(), value.strip()))
    return found


def words_of(text):
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _environ(settings, paths):
    words = [word for value in settings for word in words_of(value)]
    texts = [programs.text(path) for pattern in paths for path in sorted(glob.glob(pattern))]
    words += [word for text in texts for line in text.splitlines() if not line.startswith('#')
              for word in words_of(line)]
    return dict(word.split('=', 1) for word in words if '=' in word)
