"""Who imports whom in a package whose folders are rooms: by import statements, and by names in strings.

A string counts when it is the dotted name of a module (importlib, a table of commands), begins with one (an f-string),
or holds ``-m`` and one (``python3 -m builder``).
"""

import ast
import re
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter


@dataclass(frozen=True)
class Import:
    """One module needs another, at a line of its file."""

    place: str
    source: str
    target: str


class House:
    """A package on disk.

    :param root: the directory that holds the package's topmost name (``src`` of ``nova.cascading``).
    :param name: dotted name of the package.
    :param storeys: its rooms, the topmost first; several words in one storey are neighbours that do not import one
        another.
    """

    def __init__(self, root, name, storeys):
        self.root, self.name, self.storeys = root, name, storeys
        self.level = {room: level for level, storey in enumerate(storeys) for room in storey.split()}
        top = root / name.replace('.', '/')
        self.modules = {self._module(path): path for path in sorted(top.rglob('*.py'))
                        if all((top / folder / '__init__.py').exists() for folder in path.relative_to(top).parents)}

    def _module(self, path):
        parts = path.relative_to(self.root).with_suffix('').parts
        return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)

    def room(self, module):
        """The first name below the package; the package's own ``__init__`` is in no room."""
        return module[len(self.name) + 1:].partition('.')[0]

    def problems(self):
        """One sentence for each import that goes upwards or sideways, each circle, and each name that is nobody's."""
        imports = self.imports()
        unplaced = sorted({self.room(module) for module in self.modules} - set(self.level) - {''})
        if unplaced:
            return [f'{room}: a room of {self.name} without a storey. Next: name it in tests/unit/test_layout.py'
                    for room in unplaced]
        return [text for found in imports for text in self._upwards(found)] + self._circle(imports)

    def imports(self):
        """Every Import of one of its modules by another."""
        return [found for module, path in self.modules.items() for found in self._imports(module, path)]

    def _upwards(self, found):
        here, there = self.room(found.source), self.room(found.target)
        if here == there or not here or not there:
            return
        if self.level[here] >= self.level[there]:
            yield (f'{found.place}: {here} imports {found.target}, but imports go downwards only: '
                   f'{" → ".join(self.storeys)}. Next: move what both need to a room below, or hand it over as an '
                   'argument')

    def _circle(self, imports):
        graph = {}
        for found in imports:
            graph.setdefault(found.source, set()).add(found.target)
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = list(reversed(error.args[1]))
            places = {(found.source, found.target): found.place for found in imports}
            steps = [f'{places[pair]} imports {pair[1]}' for pair in zip(circle, circle[1:])]
            return [f'a circle: {"; ".join(steps)}. Next: put what closes it into a module of its own']
        return []

    def _imports(self, module, path):
        tree = ast.parse(path.read_text(encoding='utf-8'))
        for node in ast.walk(tree):
            place = f'{path.relative_to(self.root)}:{getattr(node, "lineno", 0)}'
            for name in self._named(node, module, path):
                target = self.resolve(name)
                if target and target != module:
                    yield Import(place, module, target)

    def resolve(self, name):
        """The module of this package that a dotted name means, which may go on with attributes; None for another's."""
        while name.startswith(self.name):
            if name in self.modules:
                return name
            name = name.rpartition('.')[0]
        return None

    def _named(self, node, module, path):
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            package = module if path.name == '__init__.py' else module.rpartition('.')[0]
            above = package.split('.')[:len(package.split('.')) - node.level + 1] if node.level else []
            start = '.'.join([*above, *([node.module] if node.module else [])])
            return [f'{start}.{alias.name}' for alias in node.names]
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self.names_in(node.value)
        return []

    def names_in(self, text):
        """The dotted names of this package that a string stands for, or gives to ``python -m``."""
        name = re.escape(self.name) + r'(?:\.\w+)+'
        whole = re.fullmatch(rf'({name})\.?', text)
        return ([whole[1]] if whole else []) + re.findall(rf'(?<!\S)-m\s+({name})', text)
