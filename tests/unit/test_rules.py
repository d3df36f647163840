"""A rule finds exactly one place or says why not; what it inserts leaves everything else as it was."""

import ast

import pytest

from builder.common.project import PROJECT
from builder.fork.rules.apply import APPLIED, NOT_NEEDED, PRESENT, apply
from builder.fork.rules.edit import Conflict
from builder.fork.rules.load import load, load_file
from builder.fork.rules.pattern import Pattern

COLUMN = '''
[[rule]]
name = "column"
why = "test"
file = ["m.py"]
releases = ">=2014.1"
owns = "twin"
[[rule.edit]]
inside = ["class Thing"]
find = "key = $Column($String(36), ...)"
after = "twin = $Column($String(36))"
'''
MODEL = b'class Thing(Base):\n    key = db.Column(db.String(36), nullable=False)\n    size = 1\n'
CHANGED = b'class Thing(Base):\n    key = db.Column(db.String(36), nullable=False)\n' \
          b'    twin = db.Column(db.String(36))\n    size = 1\n'


def rule(tmp_path, text=COLUMN, **guards):
    path = tmp_path / 'rules.toml'
    extra = ''.join(f'{key} = "{value}"\n' for key, value in guards.items())
    path.write_text('[header]\nDescription = "x"\n' + text.replace('owns = "twin"\n', extra + 'owns = "twin"\n'))
    return load_file(path).rules[0]


def changed(tmp_path, source, text=COLUMN, version='2014.1'):
    outcome = apply(rule(tmp_path, text), source, version)
    assert outcome.state == APPLIED
    return outcome.source


def conflict(tmp_path, source, text=COLUMN):
    with pytest.raises(Conflict) as caught:
        apply(rule(tmp_path, text), source, '2014.1')
    return str(caught.value)


def test_the_one_place_gets_its_line_and_nothing_else_changes(tmp_path):
    assert changed(tmp_path, MODEL) == CHANGED


def test_names_stand_for_the_code_found(tmp_path):
    assert b'twin = Column(String(36))' in changed(tmp_path, b'class Thing:\n  key = Column(String(36))\n')


def test_the_other_class_of_the_same_shape_is_left_alone(tmp_path):
    other = MODEL.replace(b'Thing', b'Other')
    assert changed(tmp_path, other + MODEL) == other + CHANGED


def test_two_candidates_are_refused_with_their_lines(tmp_path):
    text = conflict(tmp_path, MODEL + b'    key = db.Column(db.String(36))\n')
    assert 'exactly one place' in text and 'lines 2, 4' in text


def test_no_candidate_is_refused_with_what_was_wanted(tmp_path):
    text = conflict(tmp_path, b'class Thing:\n    a = 1\n')
    assert '`key = $Column($String(36), ...)` in class Thing, found none' in text


def test_another_length_is_another_column(tmp_path):
    assert 'found none' in conflict(tmp_path, MODEL.replace(b'36', b'64'))


@pytest.mark.parametrize('source', [b'class Thing(:\n', b'class Thing:\n    print "x"\n', b'\xff\xfe', b'a = 1\0'])
def test_a_file_that_does_not_parse_is_refused(tmp_path, source):
    assert 'does not parse' in conflict(tmp_path, source)


def test_a_comment_on_the_anchor_line_stays_there(tmp_path):
    source = MODEL.replace(b'False)', b'False)  # stable')
    assert changed(tmp_path, source) == CHANGED.replace(b'False)', b'False)  # stable')


def test_crlf_stays_crlf(tmp_path):
    assert changed(tmp_path, MODEL.replace(b'\n', b'\r\n')) == CHANGED.replace(b'\n', b'\r\n')


def test_in_mixed_endings_the_new_line_ends_as_its_neighbour(tmp_path):
    source = b'class Thing(Base):\n    key = db.Column(db.String(36), nullable=False)\r\n    size = 1\n'
    result = changed(tmp_path, source)
    assert result == source.replace(b'\r\n', b'\r\n    twin = db.Column(db.String(36))\r\n')


def test_the_last_line_without_newline_gets_one(tmp_path):
    assert changed(tmp_path, b'class Thing:\n    key = C(S(36))').endswith(b'key = C(S(36))\n    twin = C(S(36))\n')


def test_tabs_and_bytes_beyond_ascii_survive(tmp_path):
    source = 'class Thing:\n\tnäme = "ü"\n\tkey = C(S(36))  # é\n'.encode()
    assert changed(tmp_path, source) == source + b'\ttwin = C(S(36))\n'


def test_an_anchor_over_several_lines_is_followed_not_split(tmp_path):
    source = b'class Thing:\n    key = C(\n        S(36),\n        index=True)\n    size = 1\n'
    assert changed(tmp_path, source) == source.replace(b'True)\n', b'True)\n    twin = C(S(36))\n')


@pytest.mark.parametrize('line', [b'a = 1; key = C(S(36))', b'key = C(S(36)); a = 1', b'if 1: key = C(S(36))'])
def test_an_anchor_that_shares_its_line_is_refused(tmp_path, line):
    assert 'line 2 holds more than the place found' in conflict(tmp_path, b'class Thing:\n    ' + line + b'\n')


def test_a_second_run_finds_it_there(tmp_path):
    outcome = apply(rule(tmp_path), CHANGED, '2014.1')
    assert (outcome.state, outcome.source) == (PRESENT, CHANGED)


def test_the_same_twice_is_refused(tmp_path):
    assert 'there 2 times' in conflict(tmp_path, CHANGED + b'    twin = db.Column(db.String(36))\n')


@pytest.mark.parametrize('holder', [b'def f(self):', b'class Inner:', b'async def f(self):'])
def test_a_place_in_a_scope_within_is_none(tmp_path, holder):
    nested = b'    ' + holder + b'\n        key = C(S(36))\n'
    assert 'found none' in conflict(tmp_path, b'class Thing:\n' + nested)
    assert changed(tmp_path, MODEL + nested) == CHANGED + nested


IMPORT = COLUMN.replace('inside = ["class Thing"]\n', '').replace(
    'key = $Column($String(36), ...)', 'import a').replace('twin = $Column($String(36))', 'import twin')


@pytest.mark.parametrize('holder', ['def f():', 'class A:', 'if TYPE_CHECKING:', 'try:\n    pass\nexcept ImportError:'])
def test_a_place_in_the_module_is_one_that_python_always_comes_to(tmp_path, holder):
    nested = f'{holder}\n    import a\n'.encode()
    assert 'in the module, found none' in conflict(tmp_path, nested, IMPORT)
    assert changed(tmp_path, nested + b'import a\n', IMPORT) == nested + b'import a\nimport twin\n'


def test_what_a_rule_relies_on_must_be_in_the_module(tmp_path):
    relying = COLUMN.replace('owns', 'requires = ["ask = $_", "def ask(a, b=None): ..."]\nowns')
    for line in (b'ask = other.ask\n', b'def ask(a: int, b=None) -> int:\n    return 1\n'):
        assert changed(tmp_path, line + MODEL, relying) == line + CHANGED
    for line in (b'', b'def asked(a, b=None): pass\n', b'def ask(a, c=None): pass\n', b'def f():\n    ask = 1\n'):
        assert 'relies on `ask = $_` or `def ask(a, b=None): ...` in the module' in conflict(
            tmp_path, line + MODEL, relying)


@pytest.mark.parametrize('form', [b'twin = Column(String(64))', b'def twin(self): pass', b'twin: str = ""'])
def test_our_name_in_another_form_is_refused(tmp_path, form):
    assert 'twin is there already, in another form' in conflict(tmp_path, MODEL + b'    ' + form + b'\n')


@pytest.mark.parametrize('guards', [{'needs': 'wanted = $_'}, {'unless': 'size = 1'}])
def test_not_needed_is_told_from_a_surprise(tmp_path, guards):
    bounded = rule(tmp_path, COLUMN.replace('>=2014.1', '>=2014.1, <13'), **guards)
    assert apply(bounded, MODEL, '26.3.0').state == NOT_NEEDED
    assert 'expected for 26.3.0' in apply(bounded, MODEL, '26.3.0').why
    with pytest.raises(Conflict, match=r'a nova 12\.0\.6 should need this change'):
        apply(bounded, MODEL, '12.0.6')


def test_a_pre_release_may_have_the_old_or_the_new_shape(tmp_path):
    bounded = rule(tmp_path, COLUMN.replace('>=2014.1', '>=2014.1, <13'), needs='wanted = $_')
    assert apply(bounded, MODEL, '12.0.0.0b1').state == NOT_NEEDED


DICT = COLUMN.replace('key = $Column($String(36), ...)', "{'key': $F()}").replace(
    'twin = $Column($String(36))', "'twin': $F(nullable=True)")


@pytest.mark.parametrize('before, after', [
    ("'key': F(),\n", "'key': F(),\n        'twin': F(nullable=True),\n"),
    ("'key': F(),  # c\n", "'key': F(),  # c\n        'twin': F(nullable=True),\n"),
    ("'key': F()\n", "'key': F(), 'twin': F(nullable=True)\n"),
    ("'key': F()  # c\n", "'key': F(), 'twin': F(nullable=True)  # c\n"),
    ("'key': F(), 'z': 1\n", "'key': F(), 'twin': F(nullable=True), 'z': 1\n"),
])
def test_a_dict_item_goes_right_behind_its_anchor(tmp_path, before, after):
    source = "class Thing:\n    d = {\n        'a': G(),\n        %s    }\n"
    assert changed(tmp_path, (source % before).encode(), DICT) == (source % after).encode()


LIST = COLUMN.replace('inside = ["class Thing"]\n', '').replace(
    'key = $Column($String(36), ...)', 'names = [...]').replace(
    'after = "twin = $Column($String(36))"', 'append = "\'twin\'"')


@pytest.mark.parametrize('before, after', [
    ("names = ['a', 'b']", "names = ['a', 'b', 'twin']"),
    ("names = ['a',  # c\n         'b'  # d\n         ]", "names = ['a',  # c\n         'b', 'twin'  # d\n         ]"),
    ("names = ['a',]", "names = ['a', 'twin',]"),
])
def test_a_list_gets_one_more_element_at_its_end(tmp_path, before, after):
    assert changed(tmp_path, before.encode(), LIST) == after.encode()


def test_an_element_is_there_once(tmp_path):
    assert apply(rule(tmp_path, LIST), b"names = ['twin', 'a']", '12').state == PRESENT
    assert 'found 2' in conflict(tmp_path, b"names = ['a']\nnames = ['b']\n", LIST)
    assert 'nothing to append to' in conflict(tmp_path, b'names = []\n', LIST)


THREE = '''
[[rule]]
name = "threaded"
why = "test"
file = ["m.py"]
releases = ">=14, <17"
[[rule.edit]]
inside = ["class A/def inner"]
find = "done = self.work(x)"
before = """
if more:
    # why
    x.update(more)
"""
[[rule.edit]]
inside = ["class A"]
find = "def inner(...): ..."
append = "more=None"
[[rule.edit]]
inside = ["class A/def outer"]
find = "self.inner(...)"
append = "more"
[[rule.edit]]
find = "def sync(...): ..."
decorate = "hooks.follow"
'''
PLAIN = b'''class A:
    def outer(self, more):
        self.inner(1,
                   2)

    def inner(self, x, y):
        if x:
            done = self.work(x)
        return done


def sync(version=None):
    """Do it."""
'''
THREADED = b'''class A:
    def outer(self, more):
        self.inner(1,
                   2, more)

    def inner(self, x, y, more=None):
        if x:
            if more:
                # why
                x.update(more)
            done = self.work(x)
        return done


@hooks.follow
def sync(version=None):
    """Do it."""
'''


def test_edits_that_belong_together_are_made_together(tmp_path):
    assert changed(tmp_path, PLAIN, THREE, '16.0.0') == THREADED
    assert apply(rule(tmp_path, THREE), THREADED, '16.0.0').state == PRESENT


def test_half_applied_is_refused(tmp_path):
    half = THREADED.replace(b', more=None', b'')
    text = conflict(tmp_path, half, THREE)
    assert 'there in part only (already there, applied, already there, already there)' in text


@pytest.mark.parametrize('signature', [b'self, x, y, **more_', b'self, x, *rest', b'self, x, *, y'])
def test_a_parameter_needs_a_place(tmp_path, signature):
    assert 'no place after the * or ** parameters' in conflict(tmp_path, PLAIN.replace(b'self, x, y', signature), THREE)


def test_an_argument_does_not_go_behind_keywords(tmp_path):
    assert 'no place after the keyword arguments' in conflict(tmp_path, PLAIN.replace(b'2)', b'y=2)'), THREE)


NAMED = THREE.replace('append = "more"', 'keyword = "more=more"')


@pytest.mark.parametrize('before, after', [(b'2)', b'2, more=more)'), (b'y=2)', b'y=2, more=more)')])
def test_a_keyword_goes_behind_all_arguments(tmp_path, before, after):
    threaded = THREADED.replace(b'2, more)', after)
    assert changed(tmp_path, PLAIN.replace(b'2)', before), NAMED, '16.0.0') == threaded
    assert apply(rule(tmp_path, NAMED), threaded, '16.0.0').state == PRESENT


def test_a_keyword_does_not_go_behind_others_that_nobody_knows(tmp_path):
    assert 'no place after the ** argument' in conflict(tmp_path, PLAIN.replace(b'2)', b'**others)'), NAMED)


@pytest.mark.parametrize('pattern, code, matches', [
    ('f($A, $A)', 'f(x, x)', True), ('f($A, $A)', 'f(x, y)', False), ('f($_, $_)', 'f(x, y)', True),
    ('f(1, ...)', 'f(1, 2, k=3)', True), ('f(1)', 'f(1, 2)', False), ('f(1)', 'f(1, k=3)', False),
    ('def f(...): ...', '@d\ndef f(a, *b, c=1): return a', True), ('def f(a, b=1): ...', 'def f(a, b=1): pass', True),
    ('def f(a, b=1): ...', 'def f(a, c=1): pass', False), ('def f(a, b=1): ...', 'def f(a, b=1, c=2): pass', False),
    ('def f(): ...', 'def f(a): pass', False), ('def f(a): ...', 'def f(a: int) -> int: pass', True),
    ('def f(...): ...', 'def g(): pass', False),
    ('if a in B: ...', 'if a in B:\n    x()\nelif c:\n    y()', True), ('if a in B: ...', 'if a in C: pass', False),
    ('x[r.k]', 'x[r.k]', True), ('x[r.k]', 'x[r.l]', False), ("u'a'", "'a'", True),
])
def test_patterns(pattern, code, matches):
    assert bool(Pattern(pattern).search(ast.parse(code))) is matches


@pytest.mark.parametrize('broken', [
    COLUMN.replace('after =', 'behind ='), COLUMN.replace('find =', 'look ='), COLUMN.replace('why =', 'because ='),
    COLUMN.replace('($String(36), ...)"', '("'), COLUMN + 'before = "x = 1"\n',
])
def test_a_rule_file_that_means_nothing_is_refused_with_its_path(tmp_path, broken):
    with pytest.raises(ValueError, match='rules.toml'):
        rule(tmp_path, broken)


def test_the_rule_files_of_the_project_have_what_dep_3_wants():
    files = load(PROJECT / 'patches')
    assert [file.name for file in files] == ['instance-mapping-uuid', 'port-binding-profile', 'schema-sync']
    for file in files:
        assert {'Description', 'Origin', 'Forwarded', 'Author', 'Last-Update'} <= set(file.header)
        assert all(rule.why and rule.releases for rule in file.rules)
