//! Fills a new master with 5,000 builders and 100,000 builds:
//!
//!     buildbot create-master DIRECTORY
//!     cargo run --release --features testing --example large-site -- DIRECTORY PORT
//!     buildbot start DIRECTORY

use std::env;
use std::path::PathBuf;

use anyhow::Context;
use buildbot::testing::large_site::{self, Size};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let directory = PathBuf::from(arguments.next().context("which directory?")?);
    let port = arguments.next().context("which port are the pages to have?")?.parse().context("the port")?;
    let size = Size::default();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, large_site::write(&directory, size))?;
    std::fs::write(directory.join("master.cfg"), large_site::configuration(size, port))?;
    println!("{} builders and {} builds are in {}", size.builders, size.builds, directory.display());
    Ok(())
}
