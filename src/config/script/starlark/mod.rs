//! The Starlark engine: runs a rewritten file in a sandbox and reads what it left behind.

mod base;
mod blocks;
mod bound;
mod boxes;
mod buildbot_names;
mod classes;
mod collections;
mod configparser;
mod constant;
mod constructor;
mod data;
mod db_config;
mod default_dict;
mod depth;
mod digest;
mod exceptions;
mod formatting;
mod function;
mod globals;
mod hashes;
mod instance;
mod iterating;
mod limits;
mod literal;
mod locks;
mod matching;
mod methods;
mod missing;
mod module_object;
mod modules;
mod natives;
mod object;
mod open;
mod operators;
mod os;
mod own_operators;
mod partial;
mod pathlib;
mod randomness;
mod reader;
mod recorder;
mod records;
mod regex;
mod regex_match;
mod renderables;
mod sink;
mod step_context;
mod step_function;
mod step_log;
mod subject;
mod svn;
mod sys_path;
mod texts;
mod times;
mod type_object;
mod with_secrets;

pub use step_function::step_function;

use std::any::Any;
use std::sync::Arc;
use std::thread;

use starlark::environment::{FrozenModule, Module};
use starlark::eval::Evaluator;
use starlark::syntax::{AstModule, Dialect, DialectTypes};
use starlark::values::FreezeError;

use self::db_config::Store;
use self::reader::Reader;
use self::recorder::Recorder;
use super::front_end::{self, Rewritten};
use super::{ConfigEngine, Outcome, Surroundings};
use crate::config::ConfigError;
use crate::config::source::{SourceText, Span};

/// Parsers and the freezing of values recurse; pages of the stack that are not touched cost nothing.
const STACK_BYTES: usize = 64 << 20;

const CONFIG_NAME: &str = "BuildmasterConfig";
/// Its box, where the file makes it inside of a block.
const CONFIG_BOX: &str = "_bb_box_BuildmasterConfig";

const DIALECT: Dialect = Dialect {
    enable_top_level_stmt: true,
    enable_keyword_only_arguments: true,
    enable_positional_only_arguments: true,
    enable_types: DialectTypes::Disable,
    enable_load: false,
    ..Dialect::Standard
};

/// Runs configurations as Starlark.
#[derive(Debug, Default)]
pub struct StarlarkEngine;

/// A file, and what the front end made of it; kept by every function of the file.
#[derive(Debug)]
struct Script {
    source: SourceText,
    rewritten: Rewritten,
}

impl Script {
    /// The operator's own place of a place in the rewritten text.
    fn original(&self, span: starlark::codemap::Span) -> Span {
        self.rewritten.positions.original(Span { start: span.begin().get(), end: span.end().get() })
    }
}

impl ConfigEngine for StarlarkEngine {
    fn run(&self, source: &SourceText, surroundings: &Surroundings) -> Result<Outcome, Vec<ConfigError>> {
        thread::scope(|scope| {
            let work = || run(source, surroundings);
            match thread::Builder::new().name("config".to_owned()).stack_size(STACK_BYTES).spawn_scoped(scope, work) {
                Ok(handle) => handle.join().unwrap_or_else(|panic| Err(vec![bug(source, &*panic)])),
                Err(error) => {
                    Err(vec![ConfigError::whole_file(&source.name, format!("cannot start a thread: {error}"))])
                }
            }
        })
    }
}

/// A panic of an engine or of ours: the old configuration goes on, and the text can be reported.
fn bug(source: &SourceText, panic: &(dyn Any + Send)) -> ConfigError {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("a panic");
    let message = if TOO_LARGE.iter().any(|words| text.contains(words)) {
        "a text or a list is larger than memory allows".to_owned()
    } else {
        format!("cannot be evaluated because of a bug: {text}")
    };
    ConfigError::whole_file(&source.name, message)
}

/// What Starlark and the standard library say in a panic when a value would be too large.
const TOO_LARGE: [&str; 4] = ["AlignedSize", "out of memory", "capacity overflow", "oversized allocation"];

fn run(source: &SourceText, surroundings: &Surroundings) -> Result<Outcome, Vec<ConfigError>> {
    let rewritten = front_end::rewrite(source, &surroundings.files)?;
    let script = Arc::new(Script { source: rewritten.source.clone(), rewritten });
    let recorder = Recorder::new(Arc::clone(&script), Store::new(surroundings));
    match evaluate(&script, &recorder, surroundings) {
        Ok(module) => outcome(&script, recorder, &module),
        Err(error) => {
            let (mut problems, ..) = recorder.into_parts();
            problems.push(error);
            Err(problems)
        }
    }
}

fn evaluate(script: &Script, recorder: &Recorder, surroundings: &Surroundings) -> Result<FrozenModule, ConfigError> {
    let place = |error: starlark::Error| limits::config_error(script, &error);
    let ast = AstModule::parse(&script.source.name, script.rewritten.text.clone(), &DIALECT).map_err(place)?;
    let globals = globals::globals(surroundings);
    Module::with_temp_heap(|module| {
        let base_dir = surroundings.files.base_dir();
        module.set("basedir", module.heap().alloc(base_dir.to_string_lossy().as_ref()));
        let file = base_dir.join(&script.source.name);
        module.set("__file__", module.heap().alloc(file.to_string_lossy().as_ref()));
        module.set("__name__", module.heap().alloc("master"));
        {
            let mut evaluator = Evaluator::new(&module);
            limits::for_loading(&mut evaluator, &surroundings.pulse).map_err(place)?;
            evaluator.set_print_handler(recorder);
            evaluator.extra = Some(recorder);
            let running = surroundings.pulse.running();
            let ran = evaluator.eval_module(ast, &globals);
            drop(running);
            ran.map_err(place)?;
        }
        let names: Vec<String> = module.names().map(|name| name.as_str().to_owned()).collect();
        if depth::any_too_deep(names.iter().filter_map(|name| module.get(name))) {
            return Err(ConfigError::whole_file(&script.source.name, "a value is nested too deeply"));
        }
        let freeze_error = |error: FreezeError| {
            ConfigError::whole_file(&script.source.name, format!("cannot keep its values: {}", error.err_msg))
        };
        module.freeze().map_err(freeze_error)
    })
}

fn outcome(script: &Arc<Script>, recorder: Recorder, module: &FrozenModule) -> Result<Outcome, Vec<ConfigError>> {
    let place = |(message, place): (String, Span)| script.source.error(place, message);
    let (mut problems, mut warnings, stored) = recorder.into_parts();
    warnings.extend(script.rewritten.warnings.iter().cloned());
    let config = Module::with_temp_heap(|temporary| {
        let found = module.get_any_visibility(CONFIG_NAME).or_else(|_| module.get_any_visibility(CONFIG_BOX));
        let Ok((root, _)) = found else {
            let message = format!("the file does not set '{CONFIG_NAME}'");
            return Err(ConfigError::whole_file(&script.source.name, message));
        };
        Reader::new(script, module, &root, temporary.heap()).config().map_err(place)
    });
    match config {
        Ok(config) => {
            let Rewritten { source, others, places, .. } = &script.rewritten;
            let (source, others, places) = (source.clone(), others.clone(), places.clone());
            Ok(Outcome { config, source, others, places, stored, problems, warnings })
        }
        Err(error) => {
            problems.push(error);
            Err(problems)
        }
    }
}
