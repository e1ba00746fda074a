//! `util.DbConfig`: values that a configuration keeps in the master's database.
//!
//! Reading asks a port. Setting changes nothing yet: a file is read more often than it is put in force, first of all by
//! the process that checks it. What was set is seen by later reads of the same file, and stored with its configuration.

use std::cell::RefCell;
use std::path::Path;

use starlark::eval::Evaluator;
use starlark::values::Value;
use starlark::values::dict::DictRef;

use super::boxes::Variable;
use super::constructor::fail;
use super::data;
use super::exceptions::{raise, refuse};
use super::object::ScriptObject;
use super::recorder::Recorder;
use crate::config::script::{Files, Refusal, Surroundings};
use crate::config::{StoredValue, StoredValues};
use crate::db::url::{UrlError, sqlite_path};

/// Name of the class.
pub const DB_CONFIG: &str = "DbConfig";

const DEFAULT_URL: &str = "sqlite:///state.sqlite";
/// Bytes of all values that one file sets.
const MAX_BYTES: usize = 16 << 20;

/// What a file that is being loaded may read, and what it has set.
#[derive(Debug)]
pub struct Store {
    files: Files,
    values: StoredValues,
    set: RefCell<Vec<StoredValue>>,
}

impl Store {
    pub fn new(surroundings: &Surroundings) -> Self {
        Self { files: surroundings.files.clone(), values: surroundings.stored.clone(), set: RefCell::default() }
    }

    pub fn into_set(self) -> Vec<StoredValue> {
        self.set.into_inner()
    }

    fn put(&self, value: StoredValue) -> Result<(), &'static str> {
        let mut set = self.set.borrow_mut();
        set.retain(|known| (&known.store, &known.name) != (&value.store, &value.name));
        set.push(value);
        let n_bytes: usize = set.iter().map(|value| value.store.len() + value.name.len() + value.value.len()).sum();
        if MAX_BYTES < n_bytes { Err("all values of a configuration together have at most 16 MiB") } else { Ok(()) }
    }
}

/// One `util.DbConfig`.
struct DbConfig {
    url: String,
    base_dir: String,
    store: String,
}

/// `get(name, default)`.
pub fn get<'v>(
    this: Value<'v>,
    name: &str,
    default: Option<Value<'v>>,
    evaluator: &mut Evaluator<'v, '_, '_>,
) -> starlark::Result<Value<'v>> {
    let (db_config, store) = (db_config(this)?, store_of(evaluator)?);
    let set = store.set.borrow();
    let set = set.iter().find(|value| value.store == db_config.store && value.name == name);
    let found = match set {
        Some(set) => Some(set.value.clone()),
        None => read(store, &db_config, name)?,
    };
    match (found, default) {
        (Some(text), _) => data::value_of_json(&text, evaluator.heap()),
        (None, Some(default)) => Ok(default),
        (None, None) => raise(
            "KeyError",
            format!("'{}' keeps no value '{name}' yet: set() it, or give get() a default", db_config.store),
        ),
    }
}

/// `set(name, value)`.
pub fn set<'v>(
    this: Value<'v>,
    name: &str,
    value: Value<'v>,
    evaluator: &mut Evaluator<'v, '_, '_>,
) -> starlark::Result<()> {
    let (db_config, store) = (db_config(this)?, store_of(evaluator)?);
    let value = StoredValue { store: db_config.store, name: name.to_owned(), value: data::json_of_value(value)? };
    store.put(value).or_else(|problem| raise("ValueError", problem))
}

/// Only what is read while the file is loaded can be compared with what is in force.
fn store_of<'a>(evaluator: &Evaluator<'_, 'a, '_>) -> starlark::Result<&'a Store> {
    match Recorder::of(evaluator) {
        Some(recorder) => Ok(&recorder.store),
        None => fail("a util.DbConfig answers while the file is loaded: keep what it says in a variable".to_owned()),
    }
}

fn read(store: &Store, db_config: &DbConfig, name: &str) -> starlark::Result<Option<String>> {
    let path = match sqlite_path(&db_config.url, Path::new(&db_config.base_dir)) {
        Ok(path) => path,
        // Told with the key itself.
        Err(UrlError::NotAvailable(_)) => return Ok(None),
        Err(error) => return raise("ValueError", format!("c['db']['db_url']: {error}")),
    };
    let path = match store.files.locate(&path.to_string_lossy()) {
        Ok(path) => path,
        Err(Refusal::Missing(_)) => return Ok(None),
        Err(refusal) => return refuse(&refusal),
    };
    store.values.get(&path, &db_config.store, name).or_else(|error| {
        raise("OSError", format!("cannot read '{name}' of '{}' in {}: {error}", db_config.store, path.display()))
    })
}

fn db_config(this: Value<'_>) -> starlark::Result<DbConfig> {
    let contents = ScriptObject::contents(this).filter(|contents| contents.class.name == DB_CONFIG);
    let Some(contents) = contents else { return fail("only a util.DbConfig has get() and set()".to_owned()) };
    let argument = |name: &str| contents.arguments.iter().find(|given| given.name == name).map(|given| given.value);
    let text = |name: &str| argument(name).and_then(Value::unpack_str).map(str::to_owned);
    let config = argument("BuildmasterConfig").map(|config| Variable::content(config).unwrap_or(config));
    let Some(config) = config.and_then(DictRef::from_value) else {
        return fail("util.DbConfig(BuildmasterConfig=) must be the dictionary of the configuration".to_owned());
    };
    let inner = config.get_str("db").and_then(DictRef::from_value);
    let url = inner.and_then(|db| db.get_str("db_url")).or_else(|| config.get_str("db_url"));
    let url = match url {
        None => DEFAULT_URL,
        Some(url) => match url.unpack_str() {
            Some(url) => url,
            None => return fail("util.DbConfig() needs c['db']['db_url'] as plain text".to_owned()),
        },
    };
    Ok(DbConfig {
        url: url.to_owned(),
        base_dir: text("basedir").unwrap_or_default(),
        store: text("name").unwrap_or_else(|| "config".to_owned()),
    })
}
