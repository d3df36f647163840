"""The Ansible collection in the tree: offered beside the packages, for whoever has more hosts than one."""

from __future__ import annotations

from builder.common import project
from builder.package import collection
from builder.repository.atomic import replace
from builder.repository.change import Change

FOLDER = 'ansible'


def offer(this: Change) -> None:
    """Put today's collection into the tree; earlier versions stay."""
    place = this.work / FOLDER / collection.name()
    content = collection.build(project.epoch())
    if not place.exists() or place.read_bytes() != content:
        place.parent.mkdir(exist_ok=True)
        replace(place, content, this.time)


def install(url: str) -> str:
    """The line that installs it."""
    return f'ansible-galaxy collection install {url}/{FOLDER}/{collection.name()}'
