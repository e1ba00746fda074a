//! Rewrites, one by one.

use super::*;

fn rewritten(text: &str) -> String {
    match rewrite(&SourceText::new("m.cfg", text), &Files::default()) {
        Ok(rewritten) => rewritten.text.trim_end_matches('\n').to_owned(),
        Err(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

/// Without spaces: edits leave those of the original where they were.
fn packed(text: &str) -> String {
    text.replace(' ', "").trim_end_matches('\n').to_owned()
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
        ("x = any(a for a in b)", "x = any([a for a in _bb_iter(b)])"),
        ("x = (a for a in b)", "x = [a for a in _bb_iter(b)]"),
        ("x = 1 < a <= 3", "x = _bb_compare(1 , \"<\", a , \"<=\", 3)"),
        ("x = a == b", "x = _bb_compare(a , \"==\", b)"),
        ("x = a not in b", "x = _bb_compare(a , \"not in\", b)"),
        ("with f.withSecrets(a) as g:\n    b", "for g in _bb_with(f.withSecrets(a)):\n    b"),
        ("with f.withSecrets(a):\n    b", "for _bb_within in _bb_with(f.withSecrets(a)):\n    b"),
        ("x = {1, 2}", "x = set([1, 2])"),
        ("x = {a for a in b}", "x = set([a for a in _bb_iter(b)])"),
        ("a, *b, c = 1, 2", "a, b, c = _bb_unpack(1, 1, (1, 2))"),
        ("x = {*a, 1}", "x = set(_bb_join(a, [1]))"),
        ("x = chain.from_iterable(a)", "x = chain(*a)"),
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
        (
            "del a[1:], b, c[:2], d['k']",
            "_bb_del_slice(a, 1, None, None); pass; _bb_del_slice(c, None, 2, None); d.pop('k')",
        ),
        ("assert a, 'b'", "_bb_assert( a, 'b')"),
        ("raise ValueError('a' % b) from c", "_bb_raise(ValueError(_bb_mod('a' , b)))"),
        ("raise Stop", "_bb_raise(Stop)"),
        ("for a in b:\n    pass", "for a in _bb_iter(b):\n    pass"),
        ("while a: b", "for _bb_round_1 in range(2147483647):\n    if not (a): break\n    b"),
        ("with open(a) as b:\n    c", "_bb_box_b = _bb_box(\"b\")\nif _bb_enter(open(a), _bb_box_b):\n    c"),
        ("x = json.load(y)", "x = json._bb_load(y)"),
        ("x = d.has_key(k)", "x = _bb_method_has_key(d, k)"),
        ("x = unicode(y)", "x = str(y)"),
        ("print(x, file=y)", "_bb_print(x, file=y)"),
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
    let functions = rewrite(&SourceText::new("m.cfg", "def f(a):\n    return lambda b: a + b + g"), &Files::default())
        .unwrap()
        .functions;
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
        ("from buildbot.process.results import SUCCESS", "SUCCESS = 0"),
        ("import os", "os = _bb_native_os"),
        ("import os.path", "os = _bb_native_os"),
        ("import os.path as p", "p = _bb_native_os.path"),
        ("import requests", "requests = _bb_missing(\"requests\")"),
        ("from buildbot.status import html", "html = _bb_buildbot(\"buildbot.status.html\")"),
        ("from __future__ import print_function", "pass"),
    ];
    for (text, expected) in cases {
        assert_eq!(packed(&rewritten(text)), packed(expected), "rewriting {text}");
    }
}

#[test]
fn what_cannot_be_had_is_refused_where_it_stands() {
    let cases = [
        ("async with a: pass", "m.cfg:1:1: 'async with' is not supported"),
        ("import buildbot.steps.shel", "m.cfg:1:8: Buildbot has no module 'buildbot.steps.shel' (did you mean"),
        ("from .foo import bar", "m.cfg:1:18: there is no file for '.foo'"),
        ("from buildbot.plugins import step", "m.cfg:1:30: buildbot.plugins has no 'step' (did you mean 'steps'?)"),
        ("for a, *b in c: pass", "m.cfg:1:8: '*' is not supported here"),
        ("del a.b", "m.cfg:1:5: 'del' works on items only"),
        ("x = (1", "m.cfg:1:7: syntax error: "),
    ];
    for (text, expected) in cases {
        let found = rewritten(text);
        assert!(found.starts_with(expected), "{text}: {found}");
    }
}

#[test]
fn all_refusals_of_a_file_are_reported_together() {
    let text = "a **= c\nimport buildbot.stepz\ndel a.b\n";
    assert_eq!(rewritten(text).matches("m.cfg:").count(), 3);
}

#[test]
fn blocks_become_functions_and_what_they_assign_becomes_a_box() {
    let found = rewritten(
        "def f(a):\n    try:\n        b = a\n        return b\n    except KeyError as e:\n        b = e\n    return b",
    );
    let expected = "def f(a, *, _bb_fn_0=None):\n    _bb_box_b = _bb_box(\"b\")\n    def _bb_body_1():\n        _bb_box_b.value = a\n        return ((_bb_box_b.value),)\n    _bb_types_1_0 = lambda: (KeyError)\n    def _bb_handler_1_0(_bb_caught, e):\n        _bb_box_b.value = e\n    _bb_left_1 = _bb_try(_bb_body_1, [(_bb_types_1_0, _bb_handler_1_0), ], None, None)\n    if _bb_is_not(_bb_left_1, None): return _bb_left_1[0]\n    return _bb_box_b.value";
    assert_eq!(packed(&found), packed(expected));
}

#[test]
fn a_class_becomes_a_function_that_gives_its_names() {
    let found = rewritten("class A(B):\n    x = 1\n    def m(self): return super().m() + x");
    let expected = "_bb_bases_1 = [B]\ndef _bb_members_1():\n    _bb_class_1_x = 1\n    def _bb_class_1_m(self, *, _bb_fn_0=None): return _bb_super(A, self).m() + x\n    return {\"m\": _bb_class_1_m, \"x\": _bb_class_1_x, }\nA = _bb_class(\"A\", _bb_bases_1, _bb_members_1())";
    assert_eq!(packed(&found), packed(expected));
}

#[test]
fn a_function_that_cannot_be_had_is_refused_where_it_is_used() {
    let found = rewritten("def run(self):\n    x = yield self.a()\n    return x\ny = 1");
    assert!(found.starts_with("run = _bb_refused(\"run\", \"'yield' waits for Twisted"), "{found}");
    assert!(found.ends_with("(m.cfg:1)\")\n\n\ny = 1"), "{found}");
}
