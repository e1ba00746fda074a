//! `util.DbConfig`: what a file reads, what it leaves to be stored.

use std::sync::{Arc, Mutex};

use super::BASE;
use crate::config::{ConfigErrors, Loader, MasterConfig, StoredValue, StoredValues};

/// The base with more lines, over a database that keeps these values in the store `config`.
fn load(kept: &'static [(&'static str, &'static str)], more: &str) -> Result<MasterConfig, ConfigErrors> {
    let base_dir = tempfile::tempdir().unwrap();
    std::fs::write(base_dir.path().join("state.sqlite"), "").unwrap();
    let stored = StoredValues::new(move |_, store, name| {
        let found = kept.iter().find(|(known, _)| store == "config" && *known == name);
        Ok(found.map(|(_, value)| (*value).to_owned()))
    });
    let text = format!("{BASE}db = util.DbConfig(BuildmasterConfig, basedir)\n{more}");
    Loader::new(base_dir.path()).with_stored(stored).text("master.cfg", &text)
}

fn title(kept: &'static [(&'static str, &'static str)], more: &str) -> String {
    load(kept, more).unwrap_or_else(|errors| panic!("{errors}")).title
}

fn error(more: &str) -> String {
    load(&[], more).unwrap_err().to_string()
}

#[test]
fn a_stored_value_is_read_as_it_was_set() {
    let kept: &[_] = &[("site", r#"{"title": "Shop", "workers": [1, 2.5, null, true]}"#)];
    assert_eq!(title(kept, "c['title'] = db.get('site')['title']\n"), "Shop");
    let lines = "assert db.get('site')['workers'] == [1, 2.5, None, True]\nc['title'] = 'same'\n";
    assert_eq!(title(kept, lines), "same");
}

#[test]
fn a_default_stands_in_for_what_was_never_set_also_where_it_is_none() {
    assert_eq!(title(&[], "c['title'] = db.get('title', 'none yet')\n"), "none yet");
    assert_eq!(title(&[], "c['title'] = str(db.get(name='title', default=None))\n"), "None");
    let lines = "try:\n    db.get('title')\nexcept KeyError as error:\n    c['title'] = str(error)\n";
    assert!(title(&[], lines).contains("keeps no value 'title' yet"));
    assert!(error("db.get('workers')\n").contains("master.cfg:9:1: 'config' keeps no value 'workers' yet"));
}

#[test]
fn what_is_set_is_seen_by_the_same_file_and_left_to_be_stored_once() {
    let config = load(
        &[("count", "7")],
        "db.set('count', db.get('count') + 1)\ndb.set('count', db.get('count') + 1)\n\
         util.DbConfig(BuildmasterConfig, basedir, name='other').set('names', ('a', 'b'))\n\
         c['title'] = str(db.get('count'))\n",
    )
    .unwrap();
    assert_eq!(config.title, "9");
    let value = |store: &str, name: &str, value: &str| StoredValue {
        store: store.to_owned(),
        name: name.to_owned(),
        value: value.to_owned(),
    };
    assert_eq!(config.stored, [value("config", "count", "9"), value("other", "names", r#"["a", "b"]"#)]);
}

#[test]
fn the_database_is_the_one_that_the_configuration_names() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let base_dir = tempfile::tempdir().unwrap();
    let base = base_dir.path().canonicalize().unwrap();
    for name in ["state.sqlite", "b.sqlite"] {
        std::fs::write(base.join(name), "").unwrap();
    }
    let seen = Arc::clone(&asked);
    let stored = StoredValues::new(move |path, _, _| {
        seen.lock().unwrap().push(path.to_owned());
        Ok(None)
    });
    let text = format!(
        "{BASE}db = util.DbConfig(BuildmasterConfig, basedir)\ndb.get('a', 1)\nc['db_url'] = 'sqlite:///b.sqlite'\n\
         db.get('a', 1)\nc['db'] = {{'db_url': 'sqlite:///missing.sqlite'}}\ndb.get('a', 1)\n"
    );
    Loader::new(&base).with_stored(stored).text("master.cfg", &text).unwrap();
    assert_eq!(*asked.lock().unwrap(), [base.join("state.sqlite"), base.join("b.sqlite")]);
}

#[test]
fn what_cannot_be_kept_or_asked_is_refused() {
    assert!(error("db.set('f', len)\n").contains("cannot be written as JSON"));
    assert!(error("db.set('long', 'x' * (17 << 20))\n").contains("at most 16 MiB"));
    assert!(error("f.get('x')\n").contains("only a util.DbConfig has get() and set()"));
    assert!(error("util.DbConfig('master.cfg', basedir).get('x', 1)\n").contains("must be the dictionary"));
    assert!(error("c['db'] = {'db_url': 'sqlite:////etc/passwd'}\ndb.get('x', 1)\n").contains("lies outside"));
}
