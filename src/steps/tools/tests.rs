//! Commands of tools, and what is read from their output.

use super::*;
use crate::steps::config::StepKind;
use crate::steps::{BuildEnv, make};
use crate::testing::plain_steps::{plain_common, plain_shell_config};
use crate::testing::scripted_context::{Answer, ScriptedContext};

fn words_of(tool: Tool, options: &[(&str, PropertyValue)]) -> String {
    let options = options.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    words::words(tool, &options).unwrap().unwrap().join(" ")
}

fn list(words: &[&str]) -> PropertyValue {
    PropertyValue::List(words.iter().map(|word| (*word).into()).collect())
}

fn map(pairs: &[(&str, PropertyValue)]) -> PropertyValue {
    PropertyValue::Map(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

/// What is said of a tool that prints this and ends so.
fn judged(tool: Tool, output: &str, rc: i64) -> Verdict {
    let mut reading = reading(tool);
    output.lines().for_each(|line| reading.line(line));
    reading.verdict(Exit { rc, results: decode_rc(None, rc) })
}

fn property(verdict: &Verdict, name: &str) -> Option<i64> {
    verdict.properties.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.as_int())
}

#[test]
fn arguments_of_a_tool_become_words_and_what_is_not_given_none() {
    let cmake = ("cmake", "cmake".into());
    assert_eq!(words_of(Tool::CMake, std::slice::from_ref(&cmake)), "cmake");
    let defined = map(&[("A", "1".into()), ("B", true.into())]);
    assert_eq!(
        words_of(
            Tool::CMake,
            &[
                cmake,
                ("generator", "Ninja".into()),
                ("definitions", defined),
                ("options", list(&["--fresh"])),
                ("path", "..".into())
            ]
        ),
        "cmake -G Ninja -DA=1 -DB=True --fresh .."
    );
    assert_eq!(
        words_of(
            Tool::Cppcheck,
            &[("binary", "cppcheck".into()), ("enable", list(&["style", "all"])), ("inconclusive", true.into())]
        ),
        "cppcheck . --enable=style,all --inconclusive"
    );
    assert_eq!(
        words_of(
            Tool::Robocopy,
            &[
                ("source", "a".into()),
                ("destination", "b".into()),
                ("mirror", true.into()),
                ("exclude", list(&["*.o", "*.d"])),
                ("verbose", false.into())
            ]
        ),
        "robocopy a b /MIR /XF *.o *.d /TEE /NP"
    );
}

#[test]
fn sphinx_is_told_tags_settings_and_where_things_are() {
    let basis = [
        ("sphinx", list(&["python", "-m", "sphinx"])),
        ("sphinx_sourcedir", ".".into()),
        ("sphinx_builddir", "out".into()),
    ];
    let with = |more: &[(&'static str, PropertyValue)]| [&basis[..], more].concat();
    assert_eq!(words_of(Tool::Sphinx, &basis), "python -m sphinx . out");
    let defines = map(&[("a", PropertyValue::Null), ("b", true.into()), ("c", "x".into())]);
    assert_eq!(
        words_of(
            Tool::Sphinx,
            &with(&[
                ("sphinx_builder", "html".into()),
                ("tags", list(&["t"])),
                ("defines", defines),
                ("mode", "full".into()),
                ("strict_warnings", true.into())
            ])
        ),
        "python -m sphinx -b html -t t -D a -D b=1 -D c=x -E -W . out"
    );
    let wrong = with(&[("mode", "partly".into())]);
    let wrong = wrong.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(words::words(Tool::Sphinx, &wrong).unwrap_err(), "mode must be 'incremental' or 'full', not 'partly'");
}

#[test]
fn pyflakes_is_judged_by_what_it_found() {
    let output = "pyflakes src\nsrc/a.py:1:1: 'os' imported but unused\nsrc/a.py:2:1 redefinition of unused 'x' from line 1\n\
        src/b.py:1:1: 'from x import *' used; unable to detect undefined names\nsrc/b.py:9:1: something else\n";
    let verdict = judged(Tool::PyFlakes, output, 1);
    assert_eq!(verdict.results, Results::Warnings);
    assert_eq!(verdict.words.as_deref(), Some("unused=1 redefs=1 import*=1 misc=1"));
    let counts = ["pyflakes-unused", "pyflakes-undefined", "pyflakes-total"].map(|name| property(&verdict, name));
    assert_eq!(counts, [Some(1), Some(0), Some(4)]);
    assert_eq!(verdict.logs[0], ("unused".to_owned(), "src/a.py:1:1: 'os' imported but unused\n".to_owned()));
    assert_eq!(judged(Tool::PyFlakes, "a.py:1:1: undefined name 'x'\n", 1).results, Results::Failure);
    assert_eq!(judged(Tool::PyFlakes, "pyflakes src\n", 0).results, Results::Success);
    assert_eq!(judged(Tool::PyFlakes, "", 2).results, Results::Failure);
    let broken = judged(Tool::PyFlakes, "a.py:1:4: invalid syntax\n def (\n", 1);
    assert_eq!((broken.results, broken.logs[0].0.as_str()), (Results::Failure, "syntax-error"));
    assert!(broken.properties.is_empty());
}

#[test]
fn pylint_is_understood_in_all_its_forms() {
    let output = "************* Module a\na.py:1:0: C0114: Missing module docstring (missing-module-docstring)\n\
        a.py:7: [W0611(unused-import), ] Unused import os\nR: 12, 0: Too many branches\nYour code has been rated at 5\n";
    let verdict = judged(Tool::PyLint, output, 4 | 8 | 16);
    assert_eq!(verdict.results, Results::Warnings);
    assert_eq!(verdict.words.as_deref(), Some("convention=1 refactor=1 warning=1"));
    assert_eq!(property(&verdict, "pylint-total"), Some(3));
    assert_eq!(judged(Tool::PyLint, "a.py:1:0: E1101: no member (no-member)\n", 0).results, Results::Failure);
    assert_eq!(judged(Tool::PyLint, "", 32).results, Results::Failure);
    assert_eq!(judged(Tool::PyLint, "", -1).results, Results::Failure);
    assert_eq!(judged(Tool::PyLint, "", 0).results, Results::Success);
}

#[test]
fn cppcheck_fails_for_errors_and_warns_of_all_else() {
    let style =
        "Checking a.c ...\n[a.c:3]: (style) Unused variable: x\n(information) Cppcheck cannot find all headers\n";
    let verdict = judged(Tool::Cppcheck, style, 0);
    assert_eq!((verdict.results, verdict.words.as_deref()), (Results::Warnings, Some("style=1 information=1")));
    assert_eq!(judged(Tool::Cppcheck, "[a.c:3]: (error) Null pointer\n", 0).results, Results::Failure);
    assert_eq!(judged(Tool::Cppcheck, style, 1).results, Results::Failure);
    assert_eq!(judged(Tool::Cppcheck, "Checking a.c ...\n", 0).results, Results::Success);
}

#[test]
fn sphinx_succeeds_only_if_it_says_so() {
    let made = "build succeeded, 1 warning.\n";
    assert_eq!(judged(Tool::Sphinx, made, 0).results, Results::Success);
    let warned = judged(Tool::Sphinx, &format!("a.rst:1: WARNING: no title\n{made}"), 0);
    assert_eq!((warned.results, warned.words.as_deref()), (Results::Warnings, Some("1 warnings")));
    assert_eq!(warned.logs, [("warnings".to_owned(), "a.rst:1: WARNING: no title\n".to_owned())]);
    let strict = judged(Tool::Sphinx, "Warning, treated as error:\na.rst:1:no title\n", 2);
    assert_eq!((strict.results, strict.logs[0].1.as_str()), (Results::Failure, "a.rst:1:no title\n"));
    assert_eq!(judged(Tool::Sphinx, "", 0).results, Results::Failure);
}

#[test]
fn the_size_of_a_tree_is_the_number_on_the_first_line() {
    let verdict = judged(Tool::TreeSize, "1234\t.\n99\n", 0);
    assert_eq!((verdict.results, verdict.words.as_deref()), (Results::Success, Some("1234 KiB")));
    assert_eq!(property(&verdict, "tree-size-KiB"), Some(1234));
    assert_eq!(judged(Tool::TreeSize, "du: no\n", 0).results, Results::Warnings);
    assert_eq!(judged(Tool::TreeSize, "du: no\n", 1).results, Results::Failure);
    assert_eq!(judged(Tool::TreeSize, "12\t.\n", 1).results, Results::Failure);
}

#[test]
fn flags_of_robocopy_are_judged_by_the_worst() {
    let results = |rc| judged(Tool::Robocopy, "", rc).results;
    assert_eq!([0, 1].map(results), [Results::Success; 2]);
    assert_eq!([2, 3, 5, 6].map(results), [Results::Warnings; 4]);
    assert_eq!([8, 9, 16, 10].map(results), [Results::Failure; 4]);
    assert_eq!([32, -1].map(results), [Results::Exception; 2]);
}

#[tokio::test]
async fn a_tool_leaves_properties_logs_and_a_line() {
    let context = ScriptedContext::new().answer("make", Answer::stdout("a.py:1:1: 'os' imported but unused\n"));
    let shell = plain_shell_config("make pyflakes");
    let config = ToolConfig { tool: Tool::PyFlakes, shell, options: BTreeMap::new() };
    let step = StepConfig { common: plain_common("pyflakes"), kind: StepKind::Tool(config) };
    let results = make(&step, &BuildEnv { workdir: "build".into(), env: Vec::new() }).run(&context).await.unwrap();
    assert_eq!(results, Results::Warnings);
    assert_eq!(context.properties().get("pyflakes-total"), Some(&1.into()));
    let logs: Vec<_> = context.logs().into_iter().map(|log| log.name).collect();
    assert_eq!(logs, ["stdio", "unused"]);
    assert_eq!(context.states().last().unwrap(), "pyflakes unused=1 (warnings)");
}
