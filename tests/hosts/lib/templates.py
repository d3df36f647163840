"""Layers built once and kept, each beside the ones it stands on."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from builder.common import aptsources
from tests.hosts.lib import capable, outside
from tests.hosts.lib.errors import HostError, Incapable
from tests.hosts.lib.layers import AROUND, REGISTRY, Layer
from tests.hosts.lib.machine import Machine

CACHE = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'nova-cascading' / 'hosts'
# Layers are built side by side, but no more of them than keeps the processors busy.
AT_ONCE = threading.Semaphore(len(os.sched_getaffinity(0)) + 1)


def require() -> None:
    """Raise :class:`Incapable` unless this machine can run test hosts."""
    reason = capable.lacking() or capable.toolless() or lowest_missing()
    if reason:
        raise Incapable(reason)


@functools.cache
def lowest_missing() -> str:
    """Why the smallest system cannot be made, though it is not there yet; '' where all is well."""
    return '' if any(CACHE.glob('bookworm-minbase-*')) else capable.sourceless()


def directories(suite: str, name: str) -> list[Path]:
    """The directories that make layer *name* of *suite*, lowest first, building those that are missing."""
    layer = REGISTRY[name]
    below = directories(suite, layer.base) if layer.base else []
    place = CACHE / f'{suite}-{name}-{layer.digest(suite)}'
    if not place.exists():
        with _lock(f'{suite}-{name}'):
            if not place.exists():
                with AT_ONCE:
                    _build(suite, layer, below, place)
    return [*below, place]


def _build(suite: str, layer: Layer, below: list[Path], place: Path) -> None:
    partial = place.with_name(f'{place.name}.partial')
    shutil.rmtree(partial, ignore_errors=True)
    log = place.with_name(f'{place.name}.log')
    try:
        if below:
            _run_script(suite, layer, below, partial, log)
        else:
            _bootstrap(suite, layer, partial, log)
    except subprocess.CalledProcessError as error:
        tail = ''.join(log.read_text(errors='replace').splitlines(keepends=True)[-40:])
        what = f'cannot build layer {layer.name} of {suite} (status {error.returncode})'
        raise HostError(f'{what}; end of {log}:\n{tail}') from error
    partial.rename(place)


def _bootstrap(suite: str, layer: Layer, partial: Path, log: Path) -> None:
    listed = log.with_suffix('.sources')
    listed.write_text(aptsources.for_suite(suite))
    with aptsources.acquire_options() as options, log.open('wb') as out:
        # Other users of a test host ask its apt, too.
        words = ['mmdebstrap', *layer.script.split(), *options, f'--customize-hook=chmod 644 "$1{aptsources.HERE}"']
        subprocess.run([*words, suite, partial, listed], check=True, stdout=out, stderr=subprocess.STDOUT)


def _run_script(suite: str, layer: Layer, below: list[Path], partial: Path, log: Path) -> None:
    machine = Machine(below, keep=partial, network='outer' if layer.online else 'own')
    try:
        for path, text in (*layer.files, ('/etc/apt/preferences.d/archive', aptsources.preferences(suite))):
            inside = machine.root / path.lstrip('/')
            inside.parent.mkdir(parents=True, exist_ok=True)
            inside.write_text(text)
        if layer.prepare:
            layer.prepare(machine.root)
        script = (AROUND.read_text() if layer.online else '') + layer.script
        words = machine.command(['sh', '-euxc', script], {'SUITE': suite, 'DEBIAN_FRONTEND': 'noninteractive'})
        with log.open('wb') as out:
            subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                           env={'PATH': os.environ['PATH'], **outside.environment()})
    finally:
        machine.close()


@contextlib.contextmanager
def _lock(name: str) -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f'{name}.lock').open('w') as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
