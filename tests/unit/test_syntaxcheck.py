"""The independent check lets nothing through but what was meant to be added."""

import pytest

from builder.fork.syntaxcheck import Difference, verify

BEFORE = b'''import a  # first


class A:
    key = C(1)
    table = {'x': 1, 'y': 2}

    def f(self, x):
        return self.g(x, ['one'])
'''
EDITS = {
    'statement': ('    key = C(1)\n', '    key = C(1)\n    twin = C(2)\n', [('after', 'twin = C(2)')]),
    'import': ('import a', 'import b\nimport a', [('before', 'import b')]),
    'item': ("'x': 1,", "'x': 1, 'z': 3,", [('after', "'z': 3")]),
    'element': ("['one']", "['one', 'two']", [('append', "'two'")]),
    'argument': ("['one'])", "['one'], more)", [('append', 'more')]),
    'keyword': ("['one'])", "['one'], more=x)", [('keyword', 'more=x')]),
    'parameter': ('x):', 'x, more=None):', [('append', 'more=None')]),
    'decorator': ('    def', '    @d.e\n    def', [('decorate', 'd.e')]),
    'comment': ('import a', '# why\nimport b\nimport a', [('before', '# why\nimport b')]),
    'block': ('        return', '        if x:\n            x()\n        return', [('before', 'if x:\n    x()')]),
}


def edited(name, source=BEFORE):
    old, new, additions = EDITS[name]
    assert old.encode() in source
    return source.replace(old.encode(), new.encode(), 1), additions


@pytest.mark.parametrize('name', EDITS)
def test_what_was_meant_passes(name):
    after, additions = edited(name)
    verify(BEFORE, after, additions)


@pytest.mark.parametrize('name', EDITS)
def test_the_same_without_being_meant_does_not(name):
    with pytest.raises(Difference):
        verify(BEFORE, edited(name)[0], [])


@pytest.mark.parametrize('name', EDITS)
def test_what_was_meant_and_is_missing_is_noticed(name):
    with pytest.raises(Difference, match='not added'):
        verify(BEFORE, BEFORE, edited(name)[1])


def test_all_of_them_together_pass():
    after, additions = BEFORE, []
    for name in ('statement', 'item', 'argument', 'parameter', 'decorator', 'comment', 'block'):
        after, more = edited(name, after)
        additions += more
    verify(BEFORE, after, additions)


@pytest.mark.parametrize('old, new', [
    (b'key = C(1)', b'key = C(9)'), (b"'y': 2", b"'y': 3"), (b"'y'", b"'w'"), (b'return ', b''), (b"['one']", b'[]'),
    (b'class A', b'class B'), (b'import a', b'import a, c'), (b'self, x', b'self, y'), (b'# first', b'# second'),
    (b'  # first', b''), (b'import a', b'import a  # more'),
])
def test_anything_else_beside_it_is_noticed(old, new):
    after, additions = edited('statement')
    with pytest.raises(Difference):
        verify(BEFORE, after.replace(old, new, 1), additions)


def test_twice_is_not_once():
    after, additions = edited('statement')
    with pytest.raises(Difference):
        verify(BEFORE, after.replace(b'    twin = C(2)\n', b'    twin = C(2)\n' * 2), additions)


def test_what_was_there_before_is_not_taken_for_the_addition():
    before = b'f(a, [1])\ng(b, [1])\n'
    verify(before, b'f(a, [1], b)\ng(b, [1])\n', [('append', 'b')])
    with pytest.raises(Difference):
        verify(before, b'f(a, [1])\ng([1])\n', [('append', 'b')])


def test_an_addition_equal_to_its_neighbour_is_counted():
    verify(b'x()\ny()\n', b'x()\nx()\ny()\n', [('after', 'x()')])


def test_code_that_does_not_parse_is_no_result():
    with pytest.raises(SyntaxError):
        verify(BEFORE, b'class A(:\n', [])
