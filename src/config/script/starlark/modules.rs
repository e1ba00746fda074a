//! The standard library's modules, as far as they are here: each is a namespace `_bb_native_NAME`.

use starlark::environment::GlobalsBuilder;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::float::UnpackFloat;
use starlark::values::tuple::UnpackTuple;

use super::constant::Constant;
use super::exceptions::{ExceptionClass, chain, raise};
use super::sink::{Sink, SinkKind};
use super::sys_path::SysPath;
use super::{
    collections, configparser, data, default_dict, hashes, iterating, open, os, pathlib, randomness, records, regex,
    texts, times,
};
use crate::config::script::Surroundings;

/// Everything; `of_datetime` adds the classes of our table.
pub fn fill(builder: &mut GlobalsBuilder, surroundings: &Surroundings, of_datetime: impl Fn(&mut GlobalsBuilder)) {
    let mut module = |name: &str, fill: &dyn Fn(&mut GlobalsBuilder)| {
        builder.namespace(&format!("_bb_native_{name}"), |builder| fill(builder));
    };
    module("os", &|builder| os::fill(builder, surroundings));
    module("glob", &|builder| os::glob(builder, surroundings));
    module("sys", &sys);
    module("re", &regex::fill);
    module("json", &data::json);
    module("yaml", &data::yaml);
    module("time", &|builder| times::time(builder, &surroundings.now));
    module("datetime", &|builder| {
        of_datetime(builder);
        times::datetime(builder, &surroundings.now);
    });
    module("random", &|builder| randomness::random(builder, surroundings));
    module("uuid", &|builder| randomness::uuid(builder, surroundings));
    module("collections", &|builder| {
        collections::collections(builder);
        records::named_tuples(builder);
        default_dict::default_dict(builder);
    });
    module("itertools", &iterating::itertools);
    module("functools", &iterating::functools);
    module("operator", &iterating::operator);
    module("copy", &iterating::copy);
    module("io", &open::io);
    module("hashlib", &hashes::hashlib);
    module("hmac", &hashes::hmac);
    module("base64", &hashes::base64);
    module("pathlib", &|builder| pathlib::fill(builder, surroundings));
    module("configparser", &|builder| configparser::fill(builder, surroundings));
    module("string", &texts::string);
    module("textwrap", &texts::textwrap);
    module("fnmatch", &texts::fnmatch);
    module("shlex", &texts::shlex);
    module("urllib", &texts::urllib);
    module("pprint", &texts::pprint);
    module("dataclasses", &records::dataclasses);
    module("enum", &records::enums);
    module("typing", &records::typing);
    module("abc", &records::abc);
    module("importlib", &importlib);
    module("imp", &importlib);
    module("math", &math);
    small(builder);
}

/// Modules of which there is next to nothing.
fn small(builder: &mut GlobalsBuilder) {
    let log = || Sink::new(SinkKind::Log);
    builder.set("_bb_native_logging", log());
    builder.set("_bb_native_warnings", log());
    builder.set("_bb_native_zope", Sink::new(SinkKind::Decorators));
    builder.namespace("_bb_native_twisted", |builder| {
        builder.namespace("python", |builder| {
            builder.set("log", log());
            builder.namespace("util", sibling);
        });
        builder.set("logger", log());
    });
    builder.namespace("_bb_native_socket", |builder| {
        builder.set("gethostname", Constant::new(host_name()));
        builder.set("getfqdn", Constant::new(host_name()));
    });
    builder.namespace("_bb_native_platform", |builder| {
        builder.set("system", Constant::new("Linux".to_owned()));
        builder.set("node", Constant::new(host_name()));
        builder.set("python_version", Constant::new("3.11.0".to_owned()));
        builder.set("platform", Constant::new(format!("Linux-{}", std::env::consts::ARCH)));
        builder.set("machine", Constant::new(std::env::consts::ARCH.to_owned()));
    });
    builder.namespace("_bb_native_multiprocessing", |builder| {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        builder.set("cpu_count", Constant::number(i32::try_from(count).unwrap_or(1)));
    });
    builder.namespace("_bb_native_six", |builder| {
        builder.set("PY2", false);
        builder.set("PY3", true);
    });
    builder.namespace("_bb_native_errno", |builder| {
        builder.set("ENOENT", 2);
        builder.set("EACCES", 13);
        builder.set("EEXIST", 17);
    });
    builder.namespace("_bb_native_builtins", |_| ());
}

fn host_name() -> String {
    nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn sys(builder: &mut GlobalsBuilder) {
    builder.set("path", SysPath);
    builder.set("platform", "linux");
    builder.set("version", "3.11.0");
    builder.set("maxsize", i64::MAX);
    builder.set("executable", "buildbot");
    builder.set("byteorder", "little");
    let version = builder.alloc((3, 11, 0));
    builder.set("version_info", version);
    let argv = builder.alloc(vec!["buildbot"]);
    builder.set("argv", argv);
    let modules = builder.alloc(starlark::values::dict::AllocDict(Vec::<(&str, i32)>::new()));
    builder.set("modules", modules);
    builder.set("stderr", Sink::new(SinkKind::Log));
    builder.set("stdout", Sink::new(SinkKind::Log));
    sys_functions(builder);
}

#[starlark_module]
fn sys_functions(builder: &mut GlobalsBuilder) {
    fn exit<'v>(#[starlark(require = pos)] code: Option<Value<'v>>) -> starlark::Result<Value<'v>> {
        let said = code.map(|code| code.to_str()).unwrap_or_default();
        raise("SystemExit", format!("the configuration ends itself: sys.exit({said})"))
    }

    fn getdefaultencoding() -> starlark::Result<&'static str> {
        Ok("utf-8")
    }

    fn setrecursionlimit<'v>(#[starlark(require = pos)] _limit: Value<'v>) -> starlark::Result<Value<'v>> {
        Ok(Value::new_none())
    }
}

#[starlark_module]
fn sibling(builder: &mut GlobalsBuilder) {
    /// A file beside another one.
    fn sibpath(
        #[starlark(require = pos)] path: &str,
        #[starlark(require = pos)] sibling: &str,
    ) -> starlark::Result<String> {
        Ok(format!("{}/{sibling}", path.rsplit_once('/').map_or(".", |(directory, _)| directory)))
    }
}

#[starlark_module]
fn importlib(builder: &mut GlobalsBuilder) {
    /// Modules are read anew whenever the configuration is.
    fn reload<'v>(#[starlark(require = pos)] module: Value<'v>) -> starlark::Result<Value<'v>> {
        Ok(module)
    }

    fn import_module<'v>(#[starlark(args)] _args: UnpackTuple<Value<'v>>) -> starlark::Result<Value<'v>> {
        raise("ImportError", "importlib.import_module() is not here; write 'import name'")
    }

    fn invalidate_caches<'v>() -> starlark::Result<Value<'v>> {
        Ok(Value::new_none())
    }
}

fn math(builder: &mut GlobalsBuilder) {
    builder.set("pi", std::f64::consts::PI);
    math_functions(builder);
}

#[starlark_module]
fn math_functions(builder: &mut GlobalsBuilder) {
    fn ceil(#[starlark(require = pos)] number: UnpackFloat) -> starlark::Result<i64> {
        Ok(number.0.ceil() as i64)
    }

    fn floor(#[starlark(require = pos)] number: UnpackFloat) -> starlark::Result<i64> {
        Ok(number.0.floor() as i64)
    }

    fn sqrt(#[starlark(require = pos)] number: UnpackFloat) -> starlark::Result<f64> {
        if number.0 < 0.0 {
            return raise("ValueError", "math.sqrt() needs a number that is not below 0");
        }
        Ok(number.0.sqrt())
    }
}

/// `yaml.YAMLError` and `json.JSONDecodeError`, which modules have as attributes.
pub fn exception(builder: &mut GlobalsBuilder, kind: &str) {
    builder.set(kind, ExceptionClass { chain: chain(kind) });
}
