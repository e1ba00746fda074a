//! Rewrites, one by one.

use super::*;

fn rewritten(text: &str) -> String {
    match rewrite(&SourceText::new("m.cfg", text)) {
        Ok(rewritten) => {
            assert_eq!(rewritten.text.matches('\n').count(), text.matches('\n').count(), "lines moved: {text}");
            rewritten.text
        }
        Err(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

/// Without spaces: edits leave those of the original where they were.
fn packed(text: &str) -> String {
    text.replace(' ', "")
}

#[test]
fn each_construct_has_its_rewrite() {
    let cases = [
        ("c = BuildmasterConfig = {}", "c, BuildmasterConfig = [({})] * 2"),
        ("a = b = 1, 2", "a, b = [(1, 2)] * 2"),
        ("x = 'a' 'b'", "x = ('a' + 'b')"),
        ("x = ('a'  # first\n 'b')", "x = (('a' +  # first\n 'b'))"),
        ("x = u'a' + b'b' + R'c'", "x = 'a' + 'b' + r'c'"),
        ("x = a is None or b is not None", "x = _bb_is(a , None) or _bb_is_not(b , None)"),
        ("x = any(a for a in b)", "x = any([a for a in b])"),
        ("x = (a for a in b)", "x = [a for a in b]"),
        ("x = 1 < a <= 3", "x = _bb_compare(1 , \"<\", a , \"<=\", 3)"),
        ("x = a == b", "x = _bb_compare(a , \"==\", b)"),
        ("x = a not in b", "x = _bb_compare(a , \"not in\", b)"),
        ("with f.withSecrets(a) as g:\n    b", "for g in _bb_with(f.withSecrets(a)):\n    b"),
        ("with f.withSecrets(a):\n    b", "for _bb_within in _bb_with(f.withSecrets(a)):\n    b"),
        ("x = {1, 2}", "x = set([1, 2])"),
        ("x = {a for a in b}", "x = set([a for a in b])"),
        ("x = 2 ** 3", "x = _bb_pow(2 , 3)"),
        ("x = '%05d' % (a)", "x = _bb_mod('%05d' , (a))"),
        ("x = '%s' % a % b", "x = _bb_mod(_bb_mod('%s' , a) , b)"),
        ("x = [*a, b]", "x = _bb_join(a, [b])"),
        ("x = {**a, 'b': (c)}", "x = _bb_merge(a, {'b': (c)})"),
        ("f(*a, b=1)", "f(*a, **_bb_merge(_bb_dict(b=1)))"),
        ("f(**a, b=1)", "f(**_bb_merge(a, _bb_dict(b=1)))"),
        ("f(*a, b, **k)", "f(*_bb_join(a, [b]), **k)"),
        ("x = '{}'.format(a)", "x = _bb_method_format('{}', a)"),
        ("x = a.copy()", "x = _bb_method_copy(a, )"),
        ("del c['a'], d[1]", "c.pop('a'); d.pop(1)"),
        ("assert a, 'b'", "_bb_assert( a, 'b')"),
        ("raise ValueError('a' % b) from c", "_bb_raise(\"ValueError\", _bb_mod('a' , b))"),
        ("raise Stop", "_bb_raise(\"Stop\")"),
        ("x: int = 1", "x = 1"),
        ("x: int", "pass"),
        ("x = 1_000", "x = 1000"),
        ("if a:\n\tb = 1", "if a:\n        b = 1"),
        ("x = f'a{b}c'", "x = _bb_cat('a', _bb_field(b, \"\"), 'c')"),
        ("x = f'{b!r:>{w}}{{}}'", "x = _bb_cat('', _bb_field(b, \"r\", _bb_cat('>', _bb_field(w, \"\"), '')), '{}')"),
        ("x = 'a' f'{b}'", "x = ('a' + _bb_cat('', _bb_field(b, \"\"), ''))"),
    ];
    for (text, expected) in cases {
        assert_eq!(packed(&rewritten(text)), packed(expected), "rewriting {text}");
    }
}

#[test]
fn functions_are_numbered_and_know_what_they_capture() {
    let cases = [
        ("f = lambda: 1", "f = lambda *, _bb_fn_0=None: 1"),
        ("f = lambda a, b=2: a", "f = lambda a, b=2, *, _bb_fn_0=None: a"),
        ("def f(a: int, *b, **k) -> str: return a", "def f(a, *b, _bb_fn_0=None, **k): return a"),
        ("def f(a, *, b): return a", "def f(a, *, b, _bb_fn_0=None): return a"),
        ("def f(a,): return a", "def f(a,*, _bb_fn_0=None): return a"),
        (
            "def f(a):\n    return lambda b: a + b + g",
            "def f(a, *, _bb_fn_0=None):\n    return lambda b, *, _bb_fn_1=(lambda: (a,)): a + b + g",
        ),
        (
            "@util.renderer\ndef f(props):\n    return 1",
            "f = (util.renderer)(lambda *p, _bb_fn_0=None, **k: _bb_plain_f(*p, **k))\n\
             def _bb_plain_f(props, *, _bb_fn_0=None):\n    return 1",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(packed(&rewritten(text)), packed(expected), "rewriting {text}");
    }
    let functions = rewrite(&SourceText::new("m.cfg", "def f(a):\n    return lambda b: a + b + g")).unwrap().functions;
    assert_eq!(functions[1].name, "lambda");
    assert_eq!(functions[1].outside.iter().collect::<Vec<_>>(), ["g"]);
}

#[test]
fn imports_bind_what_they_name() {
    let cases = [
        ("from buildbot.plugins import *", "pass"),
        ("from buildbot.plugins import *\nworker = 1", "worker = _bb_worker\nworker = 1"),
        ("from buildbot.plugins import util, steps as st", "util = _bb_util; st = _bb_steps"),
        ("from buildbot.plugins import (util,\n  steps)", "util = _bb_util; steps = _bb_steps\n"),
        ("from buildbot.steps.shell import ShellCommand as S", "S = _bb_steps.ShellCommand"),
        ("from buildbot.process.results import SUCCESS", "SUCCESS = _bb_util.SUCCESS"),
        ("import os", "os = _bb_os"),
        ("import os.path as p", "p = _bb_os.path"),
        ("from __future__ import print_function", "pass"),
    ];
    for (text, expected) in cases {
        assert_eq!(packed(&rewritten(text)), packed(expected), "rewriting {text}");
    }
}

#[test]
fn what_cannot_be_had_is_refused_where_it_stands() {
    let cases = [
        ("class A: pass", "m.cfg:1:1: 'class' is not supported in configurations"),
        ("x = 1\nwhile x: pass", "m.cfg:2:1: 'while' is not supported"),
        ("try:\n  a\nexcept: pass", "m.cfg:1:1: 'try' is not supported"),
        ("with a: pass", "m.cfg:1:1: 'with' is not supported in configurations, except"),
        ("async def f(): pass", "m.cfg:1:1: 'async' functions are not supported"),
        ("def f():\n    yield 1", "m.cfg:2:5: 'yield' is not supported"),
        ("if (a := 1): pass", "m.cfg:1:5: ':=' is not supported"),
        ("import sys", "m.cfg:1:8: module 'sys' is not available"),
        ("from foo import bar", "m.cfg:1:1: module 'foo' is not available"),
        ("from buildbot.plugins import step", "m.cfg:1:30: buildbot.plugins has no 'step' (did you mean 'steps'?)"),
        ("a, *b = c", "m.cfg:1:4: '*' in an assignment is not supported"),
        ("del a", "m.cfg:1:5: 'del' works on items only"),
        ("x = (1", "m.cfg:1:7: syntax error: "),
    ];
    for (text, expected) in cases {
        let found = rewritten(text);
        assert!(found.starts_with(expected), "{text}: {found}");
    }
}

#[test]
fn all_refusals_of_a_file_are_reported_together() {
    assert_eq!(rewritten("class A: pass\nimport sys\nwhile 1: pass\n").matches("m.cfg:").count(), 3);
}
