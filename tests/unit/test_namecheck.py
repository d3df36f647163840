"""A change that uses a name which nova does not have there is no fork: Python would say so only when it gets there."""

import pytest

from builder.fork.namecheck import verify
from builder.fork.syntaxcheck import Difference

BEFORE = b'''import a


class A:
    size = 1

    def f(self, x, *rest, **more):
        here = unicode(lost)
        def inner():
            return here
        return inner


def late():
    return a
'''


def changed(line, where):
    assert where in BEFORE
    indent = where[:len(where) - len(where.lstrip())]
    return BEFORE.replace(where, indent + line.encode() + b'\n' + where)


IN_F, IN_INNER, IN_CLASS, IN_MODULE = b'        return inner', b'            return here', b'    def f', b'def late'


@pytest.mark.parametrize('where, line', [
    (IN_F, 'x = a.b(here, rest, more, self, x)'), (IN_INNER, 'x(rest, late, A)'), (IN_F, 'dict(len(x))'),
    (IN_F, '[y for y in x]'), (IN_F, 'y = 1; y'), (IN_CLASS, 'twin = size'), (IN_MODULE, '@a.b'),
    (IN_F, 'from c import d; d'), (IN_F, 'x.db_inst'), (IN_F, 'x(db_inst=1)'),
])
def test_names_that_are_bound_there_around_it_in_the_module_or_in_python_pass(where, line):
    verify(BEFORE, changed(line, where))


@pytest.mark.parametrize('where, line, told', [
    (IN_F, 'x = db_inst.get(1)', 'nothing binds db_inst in A.f'),
    (IN_F, 'x = size', 'nothing binds size in A.f'),
    (IN_INNER, 'x = db_inst', 'nothing binds db_inst in A.f.inner'),
    (IN_CLASS, 'twin = x', 'nothing binds x in A'),
    (IN_MODULE, '@ours.follow', 'nothing binds ours in the module'),
    (IN_F, 'lambda y: y + z', 'nothing binds z in A.f.lambda'),
    (IN_F, 'one, two', 'nothing binds one in A.f, nothing binds two in A.f'),
    (IN_CLASS, 'twin = unicode(size)', 'nothing binds unicode in A'),
])
def test_any_other_is_told_with_its_scope(where, line, told):
    with pytest.raises(Difference) as caught:
        verify(BEFORE, changed(line, where))
    assert str(caught.value) == told


def test_a_name_that_is_bound_elsewhere_is_not_bound_here():
    inside = BEFORE.replace(b'    return a\n', b'    import ours\n    return a\n')
    with pytest.raises(Difference, match='nothing binds ours in the module'):
        verify(BEFORE, inside.replace(b'def late', b'@ours.follow\ndef late'))


@pytest.mark.parametrize('ending, mark', [(b'\r\n', b''), (b'\n', b'\xef\xbb\xbf')])
def test_how_a_file_is_written_does_not_matter(ending, mark):
    before, after = (mark + text.replace(b'\n', ending) for text in (BEFORE, changed('db_inst', IN_F)))
    verify(before, before)
    with pytest.raises(Difference, match='db_inst'):
        verify(before, after)


@pytest.mark.parametrize('line', [b'from a import *\n', b'def old():\n    from a import *\n',
                                  b'def old():\n    print(a)\n    global a\n'])
def test_what_nobody_can_tell_is_left_to_the_anchors(line):
    verify(line + BEFORE, line + changed('db_inst', IN_F))
