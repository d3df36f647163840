"""The processes of this host, by what the kernel says of them. Their command lines are their own words, no proof."""

import glob
import os
import re

from installer import files, programs
from installer.run import run

SERVERS = re.compile('uwsgi|apache2|httpd|unitd|gunicorn|uvicorn|hypercorn|waitress|mod_wsgi')
SHARED = re.compile('apache2|httpd|unitd|supervisord|circusd')
SYSTEMD = '/run/systemd/system'  # is there where systemd is process 1
MODULES = re.compile(r'^(.*)/lib(64)?/python[0-9.]+/(site|dist)-packages/')


class Process(object):
    """
    :ivar words: its command line, which it can rewrite.
    :ivar exe: the program that the kernel runs, or None when it may not be seen.
    :ivar users: its user ids; they are not those of its folder in /proc, which are root's when it is not dumpable.
    """

    def __init__(self, pid):
        self.pid = pid
        self.words = [word for word in self._text('cmdline').split('\0') if word]
        self.exe = self._link('exe')
        lines = dict(line.split(':', 1) for line in self._text('status').splitlines() if ':' in line)
        self.users = set(int(word) for word in lines.get('Uid', '').split())
        self.above = int(lines.get('PPid', '0'))

    def _text(self, name):
        try:
            return files.text_of(files.read('/proc/{0}/{1}'.format(self.pid, name)))
        except EnvironmentError:
            return ''

    def _link(self, name):
        try:
            path = os.readlink('/proc/{0}/{1}'.format(self.pid, name))
        except OSError:
            return None
        return path[:-len(' (deleted)')] if path.endswith(' (deleted)') else path

    def started(self):
        """When it started, in the kernel's ticks since the machine did, which no clock that is set can change."""
        return ticks_of(self._text('stat'))

    @property
    def environ(self):
        return dict(word.split('=', 1) for word in self._text('environ').split('\0') if '=' in word)

    @property
    def is_here(self):
        """Whether it sees the files that we see; units with PrivateTmp and the like do, containers do not."""
        return same('/proc/{0}/root'.format(self.pid), '/')

    @property
    def modules(self):
        """The prefixes and package folders of the libraries that the kernel has mapped for it."""
        found = set()
        for line in self._text('maps').splitlines():
            match = MODULES.match(line.partition('/')[1] + line.partition('/')[2])
            if match:
                found.add(match.group(1))
                found.add(match.group(0).rstrip('/'))
        return found

    @property
    def has_python(self):
        return bool(programs.is_python(self.exe) or SERVERS.search(os.path.basename(self.exe))
                    or programs.NOVA.search(' '.join(self.words)) and 'libpython' in self._text('maps'))

    @property
    def unit(self):
        """The systemd system unit that it belongs to, or None."""
        for line in self._text('cgroup').splitlines() if os.path.isdir(SYSTEMD) else []:
            path = line.split(':', 2)[-1]
            units = [part for part in path.split('/') if part.endswith('.service')]  # it may have groups of its own
            if units and not path.count('/user@'):
                return units[-1]
        return None

    @property
    def open_files(self):
        found = []
        for path in glob.glob('/proc/{0}/fd/*'.format(self.pid)):
            try:
                found.append(os.readlink(path))
            except OSError:
                continue
        return found

    @property
    def is_server(self):
        """Whether it runs other people's applications, or no longer says how it was started."""
        script = os.path.basename(programs.script_of(self.words)[0]) if self.words else ''
        has_title = not self.words or not (self.words[0].startswith('/') or programs.is_python(self.words[0]))
        return bool(SERVERS.search(os.path.basename(self.exe)) or SERVERS.search(script)) or has_title

    @property
    def says_nova(self):
        """Whether its command line is one of nova's services."""
        return bool(programs.nova_of(self.words) or self.is_server and programs.NOVA.search(' '.join(self.words)))

    def interpreters(self):
        """The interpreters that its command line and environment name, if the kernel agrees, then the kernel's own."""
        told = programs.interpreters_of(self.words, self.environ)
        if programs.is_python(self.exe):
            told = [path for path in told if same(path, self.exe)]
            return told + [path for path in [self.exe] if path not in told]
        loaded = [path for prefix in sorted(self.modules) for path in programs.beside(prefix + '/bin')]
        return loaded + told + programs.beside(os.path.dirname(self.exe))

    def working_folder(self):
        return self._link('cwd') or '/'


def ticks_of(stat):
    """:returns: the start time in a text like /proc/PID/stat; 0 of one that has ended."""
    words = stat.rpartition(')')[2].split()
    return int(words[19]) if len(words) > 19 else 0


def now():
    """:returns: which start of the machine this is, and the ticks since then."""
    boot = files.text_of(files.read('/proc/sys/kernel/random/boot_id')).strip()
    return boot, ticks_of(run(['cat', '/proc/self/stat'])[1])


def same(path, other):
    try:
        return os.path.samefile(path, other)
    except (OSError, TypeError):
        return False


def running():
    """:returns: all processes whose program can be seen and that are, or have loaded, a Python; by number."""
    numbers = sorted(int(os.path.basename(folder)) for folder in glob.glob('/proc/[0-9]*'))
    found = [Process(number) for number in numbers if number != os.getpid()]
    return [process for process in found if process.exe and process.words and process.has_python]
