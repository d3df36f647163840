"""Which files of a directory are opened, told by the kernel (inotify(7)): a trap that nothing of root's may touch."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

OPEN = 0x20  # IN_OPEN; running a program opens it
DIRECTORY = 0x40000000  # IN_ISDIR
EVENT = struct.Struct('iIII')
LIBC = ctypes.CDLL(None, use_errno=True)


class Watch:
    """Notes what is opened below a directory, from now on; with this machine's kernel a test host's as well."""

    def __init__(self, top: Path) -> None:
        self._notes = LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self._names: dict[int, Path] = {}
        for folder in [top, *(path for path in top.rglob('*') if path.is_dir())]:
            number = LIBC.inotify_add_watch(self._notes, os.fsencode(folder), OPEN)
            if number < 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(folder))
            self._names[number] = folder.relative_to(top)

    def opened(self) -> set[str]:
        """The files that were opened since the last time, relative to the directory; looking for names does not count.
        """
        found = set()
        for number, mask, name in self._events():
            if not mask & DIRECTORY:
                found.add(str(self._names[number] / name))
        return found

    def close(self) -> None:
        """Stop watching."""
        os.close(self._notes)

    def _events(self):
        while True:
            try:
                data = os.read(self._notes, 1 << 16)
            except BlockingIOError:
                return
            while data:
                number, mask, _, length = EVENT.unpack_from(data)
                yield number, mask, os.fsdecode(data[EVENT.size:EVENT.size + length].rstrip(b'\0'))
                data = data[EVENT.size + length:]
