"""The namespaces of one test host: a root made of overlaid layers, its own mounts, processes and network."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Union

from tests.hosts.lib import cgroup, disks, outside
from tests.hosts.lib.errors import HostError

SETUP = Path(__file__).with_name('enter-root.sh')
# A child that ends is reaped by the kernel while SIGCHLD is ignored; a trap of dash's would not last across exec.
IDLE = 'exec env --ignore-signal=CHLD sleep infinity'
PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
# What process 1 is called until it is what it was asked to be.
STARTING = ('unshare', 'env', 'sh', 'dash', 'mount')
Words = list[Union[str, Path]]


class Machine:
    """Layers, mounted and alive until :meth:`close`.

    :param layers: directories, lowest first.
    :param keep: directory that receives what changes; a temporary one, removed on close, when None.
    :param network: ``own`` (loopback only), ``outer`` (this machine's) or the Machine to share one with.
    """

    def __init__(self, layers: list[Path], keep: Path | None = None, network: str | Machine = 'own') -> None:
        # Overlayfs wants its work directory on the file system of what it writes.
        self._work = disks.new(keep.parent if keep else None)
        self._upper = keep or self._work / 'upper'
        self._outer = network == 'outer'
        self._layers = layers
        self._kept = False
        for name in ('root', 'work'):
            (self._work / name).mkdir()
        self._upper.mkdir(parents=True, exist_ok=True)
        self._cgroup: Path | None = None
        self._init: subprocess.Popen | None = None
        self._init_pid = 0
        self._keeper = self._start_keeper(layers, network)
        try:
            self.start_init()
        except BaseException:
            self.close()
            raise

    @property
    def root(self) -> Path:
        """The host's root directory as this machine sees it."""
        return Path(f'/proc/{self._init_pid or self._keeper.pid}/root')

    def command(self, words: Words, env: dict[str, str]) -> Words:
        """The command line that runs *words* inside, with *env* and nothing else of this machine's environment.

        With the network of this machine, it hands on what it is run with: the addresses of indexes and proxies, whose
        passwords are for no command line.
        """
        given = {'PATH': PATH, 'LC_ALL': 'C.UTF-8', 'HOME': '/root', **env}
        settings = [f'{name}={value}' for name, value in given.items()]
        bare = ['env', '-u', 'TMPDIR'] if self._outer else ['env', '-i']  # that directory is not inside
        inside = ['setpriv', '--pdeathsig', 'KILL', *bare, *settings, *words]
        return ['nsenter', '-t', str(self._init_pid), '-m', '-n', '-u', '-i', '-p', '-C', '--', *inside]

    def start_init(self, line: str = IDLE, env: dict[str, str] | None = None) -> None:
        """Start process 1 of the host, ending the one before with all its children."""
        self.stop_init()
        self._cgroup = cgroup.make(self._work.name)
        script = f'mount -t proc proc /proc; mount -t cgroup2 cgroup2 /sys/fs/cgroup || :; {line}'
        words = ['unshare', '-m', '-p', '-C', '-f', '--kill-child=KILL', 'env', '-i', f'PATH={PATH}',
                 *(f'{name}={value}' for name, value in (env or {}).items()), 'sh', '-c', script]
        entry = ['nsenter', '-t', str(self._keeper.pid), '-m', '-n', '-u', '-i', '--', 'setpriv', '--pdeathsig', 'KILL']
        log = (self._work / 'init.log').open('ab')
        self._init = subprocess.Popen([*entry, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                      preexec_fn=lambda: cgroup.join(self._cgroup))
        self._init_pid = self._first_child(self._init)

    def stop_init(self) -> None:
        """End every process of the host; its disk stays."""
        if self._init is not None:
            self._init.kill()
            self._init.wait()
            while self._init_pid and Path(f'/proc/{self._init_pid}').exists():
                continue_children()
                time.sleep(0.01)
            self._init_pid = 0
            cgroup.remove(self._cgroup)
            self._init = None

    def wait_end(self, seconds: float) -> None:
        """Wait for process 1 to end by itself."""
        assert self._init is not None
        self._init.wait(seconds)

    def freeze(self) -> list[Path]:
        """End everything; the layers that further machines can be made of, until this one is closed."""
        self.stop_init()
        self._keeper.kill()
        self._keeper.wait()
        return [*self._layers, self._upper]

    def keep_disk(self) -> Path:
        """Leave the disk behind on close; the file that names its layers, lowest first."""
        self._kept = True
        listed = self._work / disks.KEPT
        listed.write_text(''.join(f'{path}\n' for path in [*self._layers, self._upper]))
        return listed

    def close(self) -> None:
        """End everything and remove what was not asked to be kept."""
        self.freeze()
        if not self._kept:
            shutil.rmtree(self._work, ignore_errors=True)

    def _start_keeper(self, layers: list[Path], network: str | Machine) -> subprocess.Popen:
        lower = ':'.join(str(path) for path in reversed(layers))
        spaces = ['--mount', '--uts', '--ipc', '--propagation', 'private', *(['--net'] if network == 'own' else [])]
        words: Words = ['setpriv', '--pdeathsig', 'KILL', 'unshare', *spaces]
        words += ['sh', SETUP, self._work, lower, self._upper, *(outside.paths() if self._outer else [])]
        if isinstance(network, Machine):
            words[:0] = ['nsenter', '-t', str(network._keeper.pid), '-n']
        log = (self._work / 'setup.log').open('wb')
        keeper = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        assert keeper.stdout is not None
        if keeper.stdout.readline() != b'ready\n':
            keeper.kill()
            raise HostError(f'cannot set up a test host: {(self._work / "setup.log").read_text()}')
        return keeper

    def _first_child(self, process: subprocess.Popen) -> int:
        children = Path(f'/proc/{process.pid}/task/{process.pid}/children')
        for _ in range(1000):
            with contextlib.suppress(OSError, ValueError, IndexError):
                pid = int(children.read_text().split()[0])
                if Path(f'/proc/{pid}/exe').readlink().name not in STARTING:
                    return pid
            if process.poll() is not None:
                raise HostError(f'process 1 of the host ended: {(self._work / "init.log").read_text()}')
            time.sleep(0.01)
        raise HostError('process 1 of the host did not start')


def continue_children() -> None:
    """Continue this process's children: nsenter stops with what it entered a host for, and a shutdown stops all there.

    As long as it does not reap that, process 1 of the host does not go.
    """
    for task in Path('/proc/self/task').iterdir():
        with contextlib.suppress(OSError):
            for pid in (task / 'children').read_text().split():
                os.kill(int(pid), signal.SIGCONT)
