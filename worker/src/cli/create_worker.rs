//! `buildbot-worker create-worker`: makes a worker's directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use super::remark;
use crate::config::{self, WorkerConfig};

/// Makes the directory of a new worker
///
/// Name and password are those of the worker in the configuration of its master.
#[derive(Args)]
#[command(after_help = "\
Examples:
  buildbot-worker create-worker worker build.example.org:9989 example-worker pass
  buildbot-worker create-worker --maxdelay 300 worker build.example.org example-worker pass

Exit codes: 0 made, 1 not made, 2 wrong usage")]
pub(super) struct CreateWorker {
    /// How to speak with the master: auto, msgpack_experimental_v7 or pb
    #[arg(long, default_value = "auto", value_parser = ["auto", "msgpack_experimental_v7", "pb"])]
    protocol: String,
    /// Seconds of silence after which a sign of life is sent; 0 sends none
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    keepalive: u64,
    /// Longest wait before another attempt to connect
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    maxdelay: u64,
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
}

impl CreateWorker {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        if self.protocol == "pb" {
            bail!(
                "--protocol=pb: Perspective Broker is not available yet; use --protocol=auto, which needs a master that \
                 speaks msgpack_experimental_v7"
            );
        }
        if self.name.contains(':') {
            bail!("a worker's name cannot contain a colon: {:?}", self.name);
        }
        let master = with_port(&self.master)?;
        let directory = &self.base_dir;
        if directory.join(config::FILE).exists() {
            bail!("{} is a worker's directory already; edit its {} to change it", directory.display(), config::FILE);
        }
        if directory.join("buildbot.tac").exists() {
            bail!("{} belongs to a Python worker; name another directory", directory.display());
        }
        fs::create_dir_all(directory.join("info")).with_context(|| format!("cannot make {}", directory.display()))?;
        let settings = WorkerConfig {
            master: master.clone(),
            name: self.name,
            password: self.password,
            protocol: self.protocol,
            keepalive: self.keepalive,
            maxdelay: self.maxdelay,
        };
        write_info(directory, "admin", "Your Name Here <admin@youraddress.invalid>\n")?;
        write_info(directory, "host", "Please put a description of this machine here\n")?;
        config::write(directory, &settings)?;
        if !self.quiet {
            remark(&format!(
                "The worker is in {0}. Say in {0}/info/admin and {0}/info/host who looks after it and what it is, then \
                 start it:\n\n    buildbot-worker start {0}",
                directory.display()
            ));
        }
        Ok(ExitCode::SUCCESS)
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

fn with_port(master: &str) -> anyhow::Result<String> {
    match master.rsplit_once(':') {
        None if !master.is_empty() => Ok(format!("{master}:9989")),
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(master.to_owned()),
        _ => bail!("{master:?} is not HOST:PORT"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_without_a_port_listens_on_the_usual_one() {
        assert_eq!(with_port("build.example.org").unwrap(), "build.example.org:9989");
        assert_eq!(with_port("[::1]:9000").unwrap(), "[::1]:9000");
        assert!(with_port("host:port").is_err());
        assert!(with_port("").is_err());
    }
}
