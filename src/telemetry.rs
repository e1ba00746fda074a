//! What the master writes about itself: `twistd.log`, `http.log`, and panics.
//!
//! Everything goes through `tracing`. The file names are those of Buildbot, so that an operator's tools find them.

pub mod rotating_log;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::RefCell;
use std::io::{self, IsTerminal};
use std::panic::PanicHookInfo;
use std::path::Path;
use std::sync::Arc;

use tracing::error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use self::rotating_log::{RotatingLog, Rotation};

/// The master's log, below its base directory.
pub const MASTER_LOG: &str = "twistd.log";

/// One line for each HTTP request, below the base directory.
pub const HTTP_LOG: &str = "http.log";

/// Life of the system, without the chatter of the web framework.
const DEFAULT_FILTER: &str = "info,actix_server=warn,actix_web=warn";

/// Whether the log also goes to standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    FileOnly,
    Stderr,
}

/// The reason why nothing can be logged.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("cannot open {MASTER_LOG}")]
    Open(#[source] io::Error),
    #[error("invalid log filter")]
    Filter(#[from] ParseError),
    #[error("logging is set up already")]
    Twice(#[from] TryInitError),
}

/// Sends this process's log to `twistd.log` in the base directory, and panics with it. Once per process.
///
/// `filter` is in the syntax of `tracing-subscriber`'s `EnvFilter`; `None` takes what an operator should read.
pub fn init(base_dir: &Path, echo: Echo, filter: Option<&str>) -> Result<(), TelemetryError> {
    let log = RotatingLog::open(base_dir.join(MASTER_LOG), Rotation::default()).map_err(TelemetryError::Open)?;
    let filter = EnvFilter::try_new(filter.unwrap_or(DEFAULT_FILTER))?;
    let to_file = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Arc::new(log));
    let to_stderr = (echo == Echo::Stderr).then(|| {
        let is_terminal = io::stderr().is_terminal();
        tracing_subscriber::fmt::layer().with_ansi(is_terminal).with_writer(io::stderr)
    });
    tracing_subscriber::registry().with(filter).with(to_file).with(to_stderr).try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Opens the log of HTTP requests; the web writes whole lines to it.
pub fn open_http_log(base_dir: &Path) -> io::Result<RotatingLog> {
    RotatingLog::open(base_dir.join(HTTP_LOG), Rotation::default())
}

thread_local! {
    static PANIC_PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Where this thread panicked last, as `file:line:column`; `None` when that has been taken, or never noted.
/// Whoever catches a panic learns only its text from the payload.
pub fn take_panic_place() -> Option<String> {
    PANIC_PLACE.with(|place| place.try_borrow_mut().ok().and_then(|mut place| place.take()))
}

fn log_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string);
    let text = info.payload_as_str().unwrap_or("a value that is not text");
    let shown_place = place.as_deref().unwrap_or("an unknown place");
    let thread = std::thread::current();
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        error!(thread = thread.name(), "panic at {shown_place}: {text}\n{backtrace}");
    } else {
        error!(thread = thread.name(), "panic at {shown_place}: {text}");
    }
    PANIC_PLACE.with(|noted| {
        if let Ok(mut noted) = noted.try_borrow_mut() {
            *noted = place;
        }
    });
}
