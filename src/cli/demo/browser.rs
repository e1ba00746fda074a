//! Opens the pages for somebody who sits in front of a screen.

use std::env;
use std::io::{self, IsTerminal};
use std::process::{Command, Stdio};

/// Opens a URL in the user's browser; whether that could be begun.
pub(super) fn open(url: &str) -> bool {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let is_set = |variable: &str| env::var_os(variable).is_some_and(|value| !value.is_empty());
    let has_screen = cfg!(target_os = "macos") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    if !has_screen || is_set("SSH_CONNECTION") || !io::stdout().is_terminal() {
        return false;
    }
    // The browser is the user's: it is not ended with the demo.
    Command::new(opener).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_ok()
}
