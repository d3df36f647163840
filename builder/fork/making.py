"""Makes the fork of a nova tree, in memory: the rules of patches/ and the files of src/, both verified."""

from __future__ import annotations

import ast

from builder.common import project
from builder.common.errors import BuildError
from builder.common.model import Fork, Patch, RuleResult, Tree
from builder.common.project import PROJECT
from builder.fork import namecheck, syntaxcheck
from builder.fork.rules.apply import APPLIED, NOT_NEEDED, PRESENT, Addition, Outcome, apply
from builder.fork.rules.edit import Conflict
from builder.fork.rules.load import Rule, RuleFile, load
from builder.fork.syntaxcheck import Difference
from builder.source.novaversion import past

VERSION_FILE = 'nova/cascading/VERSION'
MIGRATE_REPOSITORY = 'nova/db/sqlalchemy/migrate_repo'
OUR_MIGRATE_REPOSITORY = 'nova/db/sqlalchemy/cascading_migrate_repo'
OVERLAY_HEADER = {
    'Description': 'Files of nova-cascading\nThe desired database schema, the nova-cascading command and the\n'
                   'operations on mappings; nothing here replaces a file of nova.',
    'Origin': 'vendor, nova-cascading',
    'Forwarded': 'not-needed',
    'Author': 'nova-cascading',
}


def make(tree: Tree) -> Fork:
    """The fork of a tree; nothing is written.

    :raises BuildError: the tree is forked already, wholly or in part, or a rule has no or several places in it; every
        problem is listed.
    """
    return Making(tree).fork(load(PROJECT / 'patches'))


class Making:
    """Collects what the rules find in one tree, so that all problems can be told at once."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.texts: dict[str, bytes] = {}
        self.report: list[RuleResult] = []
        self.problems: list[str] = []

    def fork(self, files: list[RuleFile]) -> Fork:
        patches = [patch for file in files for patch in self._patch(file)]
        self._refuse_forked()
        patches += self._overlay()
        if self.problems:
            raise BuildError(f'nova {self.tree.version} ({self.tree.origin}) cannot be forked, nothing was changed:\n'
                             + '\n'.join(f'  {problem}' for problem in self.problems),
                             'look at these places; if nova is unmodified there, adapt the rules in patches/')
        return Fork(self.tree, patches, self.report)

    def _patch(self, file: RuleFile) -> list[Patch]:
        originals: dict[str, bytes] = {}
        additions: dict[str, list[Addition]] = {}
        for rule in file.rules:
            path = None if self._past(rule) else self._path(rule)
            if path is None:
                continue
            originals.setdefault(path, self._text(path))
            outcome = self._apply(rule, path)
            additions.setdefault(path, []).extend(outcome.additions if outcome else ())
        changed = {path: (old, self.texts[path]) for path, old in originals.items() if self.texts[path] != old}
        for path, (old, new) in changed.items():
            self._verify(file.name, path, old, new, additions[path])
        return [Patch(file.name, file.header, dict(changed))] if changed else []

    def _past(self, rule: Rule) -> bool:
        if not past(self.tree.version, rule.releases):
            return False
        path = next(iter(self._there(rule)), rule.file[-1])
        why = f'only nova {rule.releases} needs it; expected for {self.tree.version}'
        self.report.append(RuleResult(rule.name, path, NOT_NEEDED, why))
        return True

    def _there(self, rule: Rule) -> list[str]:
        return [path for path in rule.file if (self.tree.path / path).is_file()]

    def _path(self, rule: Rule) -> str | None:
        there = self._there(rule)
        if len(there) > 1 and not rule.layered:
            self.problems.append(f'{rule.name}: {" and ".join(there)} are of different releases of nova: one of '
                                 'them was left behind')
            return None
        if not there:
            self.problems.append(f'{rule.name}: there is no {" or ".join(rule.file)}')
        return there[0] if there else None

    def _text(self, path: str) -> bytes:
        if path not in self.texts:
            self.texts[path] = (self.tree.path / path).read_bytes()
        return self.texts[path]

    def _apply(self, rule: Rule, path: str) -> Outcome | None:
        try:
            outcome = apply(rule, self.texts[path], self.tree.version)
        except Conflict as conflict:
            self.problems.append(f'{path}: {rule.name}: {conflict}')
            return None
        self.texts[path] = outcome.source
        self.report.append(RuleResult(rule.name, path, outcome.state, outcome.why))
        return outcome

    def _verify(self, name: str, path: str, old: bytes, new: bytes, additions: list[Addition]) -> None:
        try:
            syntaxcheck.verify(old, new, [(addition.kind, addition.text) for addition in additions])
            namecheck.verify(old, new)
        except (Difference, SyntaxError) as difference:
            self.problems.append(f'{path}: {name}: the change does not stand the check: {difference}')

    def _refuse_forked(self) -> None:
        states = {state: [result.rule for result in self.report if result.state == state]
                  for state in (APPLIED, PRESENT, NOT_NEEDED)}
        if not states[PRESENT]:
            return
        if states[APPLIED] or self.problems:
            raise BuildError(f'nova {self.tree.version} ({self.tree.origin}) is patched in part: '
                             f'there already: {", ".join(states[PRESENT])}; '
                             f'not there: {", ".join(states[APPLIED]) or "none"}'
                             + ''.join(f'\n  {problem}' for problem in self.problems),
                             'take back the partial patch, or build from an unpatched source')
        raise BuildError(f'nova {self.tree.version} ({self.tree.origin}) is patched already: '
                         'every rule finds its change there', 'build from an unpatched source')

    def _overlay(self) -> list[Patch]:
        files: dict[str, tuple[bytes | None, bytes]] = {}
        for path, content in overlay(self.tree).items():
            if (self.tree.path / path).exists():
                self.problems.append(f'{path}: it is there already, and is a file of the fork')
            files[path] = (None, content)
        return [Patch('cascading-files', {**OVERLAY_HEADER, 'Last-Update': project.stated('date')}, files)]


def overlay(tree: Tree) -> dict[str, bytes]:
    """The files that the fork adds to a tree: path relative to the tree -> content. One tells which fork it is.

    The sqlalchemy-migrate repository goes only where nova has one of its own (before Xena, 24).
    """
    source = PROJECT / 'src'
    with_migrate = (tree.path / MIGRATE_REPOSITORY).is_dir()
    files = {VERSION_FILE: f'{project.label()}\n'.encode()}
    for path in project.files(source):
        name = path.relative_to(source).as_posix()
        if name.startswith(OUR_MIGRATE_REPOSITORY) and not with_migrate:
            continue
        files[name] = path.read_bytes()
        if path.suffix == '.py':
            ast.parse(files[name], name)
    return files
