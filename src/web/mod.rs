//! Pages and REST over HTTP. Reads go to `db::views`, writes through `actors::handle::MasterHandle`.

mod ansi;
mod api;
mod error;
mod force_form;
pub mod forecasts;
mod format;
mod guard;
mod health;
mod hooks;
mod live;
mod log_reader;
mod log_tail;
mod metrics;
mod origin;
mod pages;
mod palette;
mod plot;
mod query;
mod removed;
mod sessions;
mod site_config;
mod sockets;
mod static_files;
mod templates;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::guard::{Any, Get, Head};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{Data, PayloadConfig, ServiceConfig, post, resource, route, scope};
use actix_web::{App, HttpServer, Route};
use rustls::ServerConfig;
use tokio::sync::watch;

use crate::actors::handle::MasterHandle;
use crate::clock::Clock;
use crate::config::{ListenAddress, MASTER_CFG};
use crate::db::Db;
use crate::domain::Timestamp;
use templates::Templates;

/// Threads that serve HTTP.
const N_THREADS: usize = 2;
/// What is written to a connection before more of a streamed body is made, in bytes. A connection may hold this much and
/// a piece more, which is most of what a client that tails a log costs.
const WRITE_BUFFER: usize = 8 << 10;
/// Largest body of a request, in bytes.
const MAX_BODY: usize = 1 << 20;
/// Largest body that a hook may send, in bytes; a push of thousands of commits fits.
const MAX_HOOK_BODY: usize = 16 << 20;

/// Largest force form: it may have a file of as many characters as a `FileParameter` allows by default.
const MAX_FORM_BODY: usize = 16 << 20;

/// What all handlers share.
pub struct WebState {
    pub(crate) handle: MasterHandle,
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    templates: Templates,
    /// Streams of server-sent events that are open.
    pub(crate) listeners: live::sse::Listeners,
    /// The master's own files, which are served before ours.
    public_html: Option<PathBuf>,
    /// What the master was configured from.
    pub(crate) config_file: Option<PathBuf>,
    /// Logs that are being tailed or searched.
    tails: log_tail::Tails,
    /// When this side of the master began, for its age.
    pub(crate) started: Timestamp,
    /// Becomes true when the master ends.
    ending: watch::Sender<bool>,
    /// Requests that are being answered now.
    in_flight: AtomicUsize,
}

impl WebState {
    /// Fails only if a template of the program does not compile.
    pub fn new(handle: MasterHandle, db: Db, clock: Clock) -> io::Result<Self> {
        let templates = Templates::new().map_err(io::Error::other)?;
        let started = clock.now();
        Ok(Self {
            handle,
            db,
            clock,
            templates,
            public_html: None,
            config_file: None,
            started,
            listeners: Default::default(),
            tails: Default::default(),
            ending: watch::Sender::new(false),
            in_flight: AtomicUsize::new(0),
        })
    }

    /// Tells all who are connected for long that the master ends, and ends their connections.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }

    /// Prefers what the master has in `templates/` and `public_html/` below its base directory, and says on the pages
    /// where that is.
    #[must_use]
    pub fn with_own_files(mut self, base_dir: &Path) -> Self {
        self.templates = self.templates.preferring(&base_dir.join("templates"));
        self.public_html = Some(base_dir.join("public_html"));
        self.config_file = Some(base_dir.join(MASTER_CFG));
        self
    }
}

/// The route table, in the order of the manual.
#[rustfmt::skip]
pub fn configure(state: Data<WebState>) -> impl Fn(&mut ServiceConfig) + Clone {
    move |app| {
        let hooks = scope("/change_hook").app_data(PayloadConfig::new(MAX_HOOK_BODY));
        app.app_data(Data::new(live::HubPlace::default()));
        app.app_data(state.clone()).app_data(PayloadConfig::new(MAX_BODY)).service(
            scope("").wrap(from_fn(guard::requests)).wrap(from_fn(pages::error::as_page)).wrap(from_fn(guard::headers))
                // data
                .service(resource("/api").route(get().to(api::versions)))
                .service(resource(["/api/{version:v2|latest}", "/api/{version:v2|latest}/{path:.*}"]).route(route().to(api::any)))
                .route("/config", get().to(site_config::get))
                .route("/ws", get().to(live::websocket))
                .route("/sse/{path:.*}", get().to(live::sse::get))
                .service(hooks.route("", route().to(hooks::base)).route("/{dialect}", route().to(hooks::dialect)))
                .route("/logs/{log}/lines", get().to(log_tail::lines))
                .route("/logs/{log}/tail", get().to(log_tail::tail))
                .route("/logs/{log}/search", get().to(log_tail::search))
                .route("/health", get().to(health::get))
                .route("/metrics", get().to(metrics::get))
                // pages
                .route("/", get().to(pages::home::get))
                .route("/builders", get().to(pages::builders::get))
                .route("/builders/{builder}", get().to(pages::builder::get))
                .service(resource("/builders/{builder}/force").app_data(PayloadConfig::new(MAX_FORM_BODY)).route(post().to(pages::force::post)))
                .route("/builders/{builder}/builds/{number}", get().to(pages::build::get))
                .route("/builders/{builder}/builds/{number}/steps/{step}", get().to(pages::step::get))
                .route("/builders/{builder}/builds/{number}/steps/{step}/logs/{slug}", get().to(pages::log::get))
                .route("/projects", get().to(pages::projects::get))
                .route("/projects/{project}", get().to(pages::project::get))
                .route("/builds/{build}/stop", post().to(pages::actions::stop))
                .route("/builds/{build}/rebuild", post().to(pages::actions::rebuild))
                .route("/requests/{request}/cancel", post().to(pages::actions::cancel))
                .route("/workers/{worker}/{action}", post().to(pages::actions::worker))
                .route("/schedulers/{scheduler}/{action}", post().to(pages::actions::scheduler))
                .route("/waterfall", get().to(pages::waterfall::get))
                .route("/workers", get().to(pages::workers::get))
                .route("/workers/{worker}", get().to(pages::worker::get))
                .route("/requests/cancel", post().to(pages::requests::cancel_many))
                .service(resource(["/requests", "/pendingbuildrequests"]).route(get().to(pages::requests::list)))
                .service(resource(["/requests/{request}", "/buildrequests/{request}"]).route(get().to(pages::requests::one)))
                .route("/schedulers", get().to(pages::schedulers::get))
                .route("/reporters", get().to(pages::reporters::get))
                .route("/reporters/{delivery}/again", post().to(pages::reporters::again))
                .route("/actors", get().to(pages::actors::get))
                .route("/actors/retry", post().to(pages::actors::retry))
                .route("/about", get().to(pages::about::get))
                .route("/changes", get().to(pages::changes::list))
                .route("/changes/{change}", get().to(pages::changes::one))
                .route("/users", get().to(pages::users::list))
                .route("/users/{user}", get().to(pages::users::one))
                .route("/static/ansi.css", get().to(palette::sheet))
                .route("/static/{file:.*}", get().to(static_files::get))
                .default_service(route().to(static_files::or_nothing)),
        );
    }
}

/// GET, and HEAD with it.
fn get() -> Route {
    route().guard(Any(Get()).or(Head()))
}

/// Binds the address at once and serves when the result is awaited or spawned; with `tls` nothing else is understood.
pub fn server(listen: &ListenAddress, tls: Option<ServerConfig>, state: Data<WebState>) -> io::Result<Server> {
    let interface = listen.interface.as_deref().unwrap_or("0.0.0.0");
    let server = HttpServer::new(move || App::new().wrap(Compress::default()).configure(configure(state.clone())))
        .on_connect(sockets::watch)
        .workers(N_THREADS)
        .backlog(4096)
        .h1_write_buffer_size(WRITE_BUFFER)
        .client_request_timeout(Duration::from_secs(10))
        .shutdown_timeout(5)
        .disable_signals();
    let server = match tls {
        Some(tls) => server.bind_rustls_0_23((interface, listen.port), tls)?,
        None => server.bind((interface, listen.port))?,
    };
    Ok(server.run())
}
