//! `buildbot-worker create-worker`: makes a worker's directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use super::remark;
use crate::config::{self, AllowShutdown, Protocol, WorkerConfig};

/// Makes the directory of a new worker
///
/// Name and password are those of the worker in the configuration of its master.
#[derive(Args)]
#[command(after_help = "\
Examples:
  buildbot-worker create-worker worker build.example.org:9989 example-worker pass
  buildbot-worker create-worker --maxdelay 300 worker build.example.org example-worker pass
  buildbot-worker create-worker --use-tls worker build.example.org:9990 example-worker pass

Exit codes: 0 made, 1 not made, 2 wrong usage")]
pub(super) struct CreateWorker {
    /// Use a directory that is a worker's already; what it was told before is forgotten
    #[arg(short, long)]
    force: bool,
    /// Say nothing when all is well
    #[arg(short, long)]
    quiet: bool,
    /// The directory to make
    #[arg(value_name = "DIR")]
    base_dir: PathBuf,
    /// HOST:PORT of the master; the port is 9989 if not given
    #[arg(value_name = "HOST:PORT")]
    master: String,
    /// The worker's name in the master's configuration
    name: String,
    /// Its password there
    password: String,
    // Whatever comes after these would stand under their headings.
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    behaviour: Behaviour,
}

/// How the master is reached.
#[derive(Args)]
#[command(next_help_heading = "The master")]
struct Connection {
    /// How to speak with it; auto finds out
    #[arg(long, value_enum, default_value_t, hide_possible_values = true)]
    #[arg(help = "How to speak with it: auto finds out, or pb, or msgpack_experimental_v7")]
    protocol: Protocol,
    /// Connect by TLS
    #[arg(long)]
    use_tls: bool,
    /// Where it is, in place of HOST:PORT: tcp:HOST:PORT, unix:PATH, or tls:HOST:PORT:trustRoots=FILE:certificate=FILE
    #[arg(long, value_name = "STRING")]
    connection_string: Option<String>,
    /// An HTTP proxy to tunnel through: tcp:HOST:PORT
    #[arg(long, value_name = "STRING")]
    proxy_connection_string: Option<String>,
    /// Seconds of silence after which a sign of life is sent; 0 sends none
    #[arg(short, long, default_value_t = 600, value_name = "SECONDS")]
    keepalive: u64,
    /// Longest wait before another attempt to connect
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    maxdelay: u64,
    /// How often it tries again before it gives up and ends; for ever if not given
    #[arg(long, value_name = "NUMBER", value_parser = number_or_none)]
    maxretries: Option<OrNone>,
}

/// What the worker does, and what it does not.
#[derive(Args)]
#[command(next_help_heading = "The worker")]
struct Behaviour {
    /// Rights that files of builds do not get, such as 0o22; the worker inherits them if not given
    #[arg(long, value_name = "BITS", value_parser = octal_or_none)]
    umask: Option<OrNone>,
    /// How many CPUs the master is told; counted if not given
    #[arg(long, value_name = "NUMBER", value_parser = number_or_none)]
    numcpus: Option<OrNone>,
    /// Let somebody on this machine end the worker when its builds are done: by touching shutdown.stamp, or by SIGHUP
    #[arg(short, long, value_enum, value_name = "HOW", hide_possible_values = true)]
    #[arg(help = "Let it be ended when its builds are done: file (touch shutdown.stamp) or signal (SIGHUP)")]
    allow_shutdown: Option<AllowShutdown>,
    /// Delete directories of builders that are no more
    #[arg(long)]
    delete_leftover_dirs: bool,
    /// Refuse to transfer, make, remove or look at files outside of the worker's directory
    #[arg(long)]
    confine: bool,
    /// Size at which the log is set aside, in bytes
    #[arg(short = 's', long, default_value_t = config::default_log_size(), value_name = "BYTES")]
    log_size: u64,
    /// How many logs that were set aside are kept; None for all
    #[arg(short = 'l', long, default_value = "10", value_name = "NUMBER", value_parser = number_or_none)]
    log_count: OrNone,
    /// Never set the log aside
    #[arg(short, long)]
    no_logrotate: bool,
    /// Accepted for scripts: a worker's directory can always be moved
    #[arg(short, long)]
    relocatable: bool,
}

/// A number, or `None` as Python writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OrNone(Option<u32>);

fn number_or_none(text: &str) -> Result<OrNone, String> {
    match text {
        "None" => Ok(OrNone(None)),
        _ => text.parse().map(|number| OrNone(Some(number))).map_err(|_| "it is neither a number nor None".to_owned()),
    }
}

/// Octal in all the ways in which people write it.
fn octal_or_none(text: &str) -> Result<OrNone, String> {
    if text == "None" {
        return Ok(OrNone(None));
    }
    let digits = text.strip_prefix("0o").unwrap_or(text);
    let bits = u32::from_str_radix(digits, 8).ok().filter(|bits| *bits <= 0o777);
    bits.map(|bits| OrNone(Some(bits))).ok_or_else(|| "it is no octal number up to 0o777".to_owned())
}

fn given(option: Option<OrNone>) -> Option<u32> {
    option.and_then(|OrNone(number)| number)
}

impl CreateWorker {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let directory = self.base_dir.clone();
        let quiet = self.quiet;
        if directory.join(config::FILE).exists() && !self.force {
            bail!(
                "{} is a worker's directory already; edit its {} to change it, or use --force",
                directory.display(),
                config::FILE
            );
        }
        if directory.join(config::TAC_FILE).exists() && !self.force {
            bail!(
                "{0} belongs to a Python worker; `buildbot-worker start {0}` takes it over as it is, --force makes a \
                 new worker of it",
                directory.display()
            );
        }
        let settings = self.settings()?;
        fs::create_dir_all(directory.join("info")).with_context(|| format!("cannot make {}", directory.display()))?;
        write_info(&directory, "admin", "Your Name Here <admin@youraddress.invalid>\n")?;
        write_info(&directory, "host", "Please put a description of this machine here\n")?;
        config::write(&directory, &settings)?;
        if !quiet {
            remark(&format!(
                "The worker is in {0}. Say in {0}/info/admin and {0}/info/host who looks after it and what it is, then \
                 start it:\n\n    buildbot-worker start {0}",
                directory.display()
            ));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn settings(self) -> anyhow::Result<WorkerConfig> {
        let (connection, behaviour) = (self.connection, self.behaviour);
        if self.name.contains(':') && connection.protocol != Protocol::Pb {
            bail!("a worker's name cannot contain a colon, unless it speaks pb only: {:?}", self.name);
        }
        let master = config::Endpoint::of_address(&self.master)?.address();
        let settings = WorkerConfig {
            protocol: connection.protocol,
            use_tls: connection.use_tls,
            connection_string: connection.connection_string,
            proxy_connection_string: connection.proxy_connection_string,
            keepalive: connection.keepalive,
            maxdelay: connection.maxdelay,
            maxretries: given(connection.maxretries),
            umask: given(behaviour.umask),
            numcpus: given(behaviour.numcpus),
            allow_shutdown: behaviour.allow_shutdown,
            delete_leftover_dirs: behaviour.delete_leftover_dirs,
            confine: behaviour.confine,
            log_size: if behaviour.no_logrotate { 0 } else { behaviour.log_size },
            log_count: behaviour.log_count.0,
            ..WorkerConfig::new(&master, &self.name, &self.password)
        };
        settings.endpoint()?;
        settings.proxy()?;
        Ok(settings)
    }
}

/// Keeps what somebody has written there already.
fn write_info(directory: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let path = directory.join("info").join(name);
    if path.exists() {
        return Ok(());
    }
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_in_python() {
        assert_eq!(number_or_none("7"), Ok(OrNone(Some(7))));
        assert_eq!(number_or_none("None"), Ok(OrNone(None)));
        assert!(number_or_none("many").is_err());
        for text in ["0o22", "022", "22"] {
            assert_eq!(octal_or_none(text), Ok(OrNone(Some(0o22))), "{text}");
        }
        assert!(octal_or_none("9").is_err());
        assert!(octal_or_none("0o7777").is_err());
    }
}
