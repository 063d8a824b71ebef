"""Executable lines, ranges of lines not reached, names that nothing defines."""

import builtins
import textwrap

from pychron.scripting import reached


def compiled(source):
    return compile(textwrap.dedent(source).lstrip("\n"), "s.py", "exec")


def test_lines_not_reached():
    code = compiled('''
        """doc"""
        X = 1
        def unused():
            # a comment
            a = 1

            return a
        def main():
            if X:
                y = 2
            else:
                y = 3
            for i in range(0):
                print(i)
            "a string as a comment"
            return y
        ''')
    tracer = reached.Tracer()
    tracer.add(code)
    remove = tracer.install()
    space = {}
    exec(code, space)
    space["main"]()
    remove()
    assert tracer.not_reached() == [("s.py", 5, 7), ("s.py", 12, 12), ("s.py", 14, 14)]


def test_names_that_nothing_defines():
    code = compiled("""
        import math
        GLOBAL = 3
        class K:
            inside = GLOBAL
        def helper(x):
            global LATE
            LATE = x
            return [math.pi + x + q for q in range(3)]
        def main():
            heat(3)
            heat(4)
            for each in LATE:
                open(undefined)
        """)
    known = {*dir(builtins), "__name__"}
    assert reached.undefined(code, known) == [("heat", 10), ("undefined", 13)]


def test_a_star_import_hides_what_is_defined():
    assert reached.undefined(compiled("from math import *\nheat(3)\n"), {"__name__"}) == []
