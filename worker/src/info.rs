//! What a worker says of itself when it attaches (`get_worker_info`).

use std::collections::BTreeMap;
use std::fs;

use buildbot_protocol::Value;

use crate::base_dir::BaseDir;
use crate::config::WorkerConfig;

/// Version of the command set, per command, as worker 4.3 reports it.
const COMMAND_VERSION: &str = "3.3";

/// Collects the answer anew each time, as the files in `info/` may have changed.
pub fn collect(base_dir: &BaseDir, config: &WorkerConfig, commands: &[&str]) -> Value {
    let mut info = BTreeMap::new();
    if let Ok(entries) = fs::read_dir(base_dir.info()) {
        for entry in entries.flatten() {
            if let (Ok(name), Ok(text)) = (entry.file_name().into_string(), fs::read_to_string(entry.path())) {
                info.insert(name, Value::from(text));
            }
        }
    }
    info.extend(os_release(&fs::read_to_string("/etc/os-release").unwrap_or_default()));
    let environ = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), Value::from(value.to_string_lossy().into_owned())));
    info.insert("environ".to_owned(), Value::Map(environ.collect()));
    info.insert("system".to_owned(), Value::from("posix"));
    info.insert("basedir".to_owned(), Value::from(base_dir.path().to_string_lossy().into_owned()));
    let n_cpus = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let n_cpus = config.numcpus.map_or_else(|| i64::try_from(n_cpus()).unwrap_or(1), i64::from);
    info.insert("numcpus".to_owned(), Value::Int(n_cpus));
    info.insert("version".to_owned(), Value::from(env!("CARGO_PKG_VERSION")));
    let commands = commands.iter().map(|name| ((*name).to_owned(), Value::from(COMMAND_VERSION)));
    info.insert("worker_commands".to_owned(), Value::Map(commands.collect()));
    info.insert("delete_leftover_dirs".to_owned(), Value::Bool(config.delete_leftover_dirs));
    Value::Map(info)
}

/// `KEY=value` lines as `os_key`; empty values are left out.
fn os_release(text: &str) -> Vec<(String, Value)> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (format!("os_{}", key.trim().to_lowercase()), value.trim().trim_matches('"')))
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (key, Value::from(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_described_by_os_release() {
        let text = "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nEMPTY=\nID=debian\n";
        let expected = [("os_name", "Debian GNU/Linux"), ("os_version_id", "12"), ("os_id", "debian")];
        assert_eq!(os_release(text), expected.map(|(key, value)| (key.to_owned(), Value::from(value))));
    }
}
