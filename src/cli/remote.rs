//! What the commands that talk to a master over the network have in common.

pub(super) mod encoding;
pub(super) mod options_file;
pub(super) mod prompt;

use anyhow::{anyhow, bail};

/// Tests that a text is `HOST:PORT`.
pub(super) fn master(text: Option<String>) -> anyhow::Result<String> {
    let Some(text) = text else { bail!("which master? Say --master=HOST:PORT, or 'master' in .buildbot/options") };
    let port =
        text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).and_then(|(_, port)| port.parse::<u16>().ok());
    port.ok_or_else(|| anyhow!("'{text}' is no master: HOST:PORT is expected"))?;
    Ok(text)
}

/// Splits `NAME=VALUE` or, with another separator, `NAME:VALUE`.
pub(super) fn pair(text: &str, separator: char) -> anyhow::Result<(String, String)> {
    match text.split_once(separator) {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => bail!("'{text}' is no property: NAME{separator}VALUE is expected"),
    }
}
