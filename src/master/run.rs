//! One life of a master as a process: opens what it needs, serves, and ends when told.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::System;
use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use anyhow::{Context, anyhow};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::gethostname;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

use super::client_ports::BoundPorts;
use super::control::Control;
use super::memory;
use super::tls;
use super::{Master, Parts};
use crate::actors::reconfigurator;
use crate::actors::stop_wish::StopWish;
use crate::clock::Clock;
use crate::config::{ListenAddress, Loader, MasterConfig, Protocol, ProtocolPort};
use crate::control::server::ControlServer;
use crate::db::{self, OpenOptions};
use crate::transfers;
use crate::web;
use crate::wire::{Dialects, Entrance, Hub, Listener, WireLimits};

/// What clients of the pages have to take what they were sent, before their connections are cut.
const FAREWELL: Duration = Duration::from_secs(2);

/// What the command line decides about a run.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// The environment of the process, for commands on the master.
    pub environ: BTreeMap<String, String>,
    /// How the configuration is read.
    pub loader: Loader,
}

/// Runs the master of `base_dir` until it is told to stop.
pub fn run(base_dir: &Path, options: RunOptions) -> anyhow::Result<()> {
    let wire = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("wire")
        .enable_all()
        .build()
        .context("cannot start the threads of the wire")?;
    let outcome = System::new().block_on(live(base_dir.to_owned(), options, &wire));
    wire.shutdown_background();
    outcome
}

/// The name under which the master of `base_dir` is known in the database.
pub fn name(base_dir: &Path) -> String {
    let host = gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_else(|| "localhost".to_owned());
    format!("{host}:{}", base_dir.display())
}

/// Lets this process have as many connections as the system allows; a fleet of workers is more than the usual 1,024.
fn raise_file_limit() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(soft, hard)| if soft < hard { setrlimit(Resource::RLIMIT_NOFILE, hard, hard) } else { Ok(()) });
    if let Err(error) = raised {
        warn!("the limit of open files stays as it is: {error}");
    }
}

/// What connections may take: those that have not logged in leave most descriptors to workers, pages and the database.
pub(super) fn wire_limits() -> WireLimits {
    let default = WireLimits::default();
    let n_files = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft);
    WireLimits { strangers: default.strangers.min(usize::try_from(n_files / 4).unwrap_or(usize::MAX)), ..default }
}

async fn live(base_dir: PathBuf, run_options: RunOptions, wire: &Runtime) -> anyhow::Result<()> {
    raise_file_limit();
    let config = reconfigurator::load(run_options.loader.clone()).await.map_err(|error| anyhow!("{error}"))?;
    config.warnings.iter().for_each(|warning| warn!("{warning}"));
    let listeners = bind(&config, wire)?;
    let client_ports = BoundPorts::bind(&config, wire)?;
    let www = config.www.as_ref().and_then(|www| www.listen.clone());
    let clock = Clock::system();
    let options = OpenOptions {
        base_dir: base_dir.clone(),
        db_url: config.db_url.expose().context("c['db']['db_url'] is not known")?.to_owned(),
        master_name: name(&base_dir),
        clock: clock.clone(),
    };
    let (db, writer) = tokio::task::spawn_blocking(move || db::open(&options))
        .await
        .context("opening the database died")?
        .context("cannot open the database")?;
    clear_interrupted_transfers(base_dir.clone()).await;
    let parts = Parts {
        base_dir: base_dir.clone(),
        config,
        db,
        writer,
        clock: clock.clone(),
        wire_runtime: wire.handle().clone(),
        environ: Arc::new(run_options.environ),
        witness: None,
        loader: run_options.loader,
    };
    let mut master = Master::start(parts).await?;
    let applied = master.config.clone();

    let hub = Hub::new(master.gate.clone(), wire_limits());
    for (port, listener) in listeners {
        let entrance = Entrance { dialects: dialects(&port), encryption: tls::encryption(&port.listen, &applied) };
        wire.spawn(listener.run(Arc::clone(&hub), entrance));
    }
    client_ports.serve(master.gate.reception.clone(), wire);
    let control = ControlServer::bind(&base_dir).await.context("cannot open the control socket")?;
    let handler = Arc::new(Control::new(&master, clock.clone()));
    actix::spawn(control.run(handler.clone()));
    let pages = match www {
        Some(listen) => Some(Pages::open(&master, clock, &listen, &base_dir)?),
        None => None,
    };
    actix::spawn(memory::give_back_when_quiet());
    handler.is_up();
    info!("the master is up");
    let escalated = serve(&mut master, &handler).await?;
    if let Some(pages) = pages {
        pages.close().await;
    }
    // The actors first: a build that is cut off by the end of its master has not lost its worker.
    master.stop().await;
    hub.close_all("the master stops");
    match escalated {
        Some(text) => Err(anyhow!("{text}")),
        None => Ok(()),
    }
}

/// Removes what an earlier master was storing when it was killed; what cannot be removed is in nobody's way.
async fn clear_interrupted_transfers(base_dir: PathBuf) {
    match tokio::task::spawn_blocking(move || transfers::clear_interrupted(&base_dir)).await {
        Ok(Ok(0)) => {}
        Ok(Ok(n_removed)) => info!(n_removed, "files of uploads that were cut off are removed"),
        Ok(Err(error)) => warn!("files of uploads that were cut off may be left: {error}"),
        Err(died) => warn!("files of uploads that were cut off may be left: {died}"),
    }
}

/// The server of the pages.
struct Pages {
    state: Data<web::WebState>,
    server: ServerHandle,
}

impl Pages {
    fn open(master: &Master, clock: Clock, listen: &ListenAddress, base_dir: &Path) -> anyhow::Result<Self> {
        let state = web::WebState::new(master.handle.clone(), master.db.clone(), clock);
        let state = Data::new(state.context("cannot make the pages")?.with_own_files(base_dir));
        let tls = tls::server_config(listen, &master.config);
        let server = web::server(listen, tls, state.clone());
        let server = server.with_context(|| format!("cannot serve {}", shown(listen)))?;
        let handle = server.handle();
        actix::spawn(server);
        info!(address = shown(listen), "the web interface is served");
        Ok(Self { state, server: handle })
    }

    /// Says farewell to those who look, and cuts off who does not listen.
    async fn close(self) {
        self.state.end();
        if tokio::time::timeout(FAREWELL, self.server.stop(true)).await.is_err() {
            info!("pages that somebody still reads are cut off");
        }
    }
}

/// Waits for the end: a signal, a command, or an actor without which nothing goes on. Answers what died.
async fn serve(master: &mut Master, control: &Control) -> anyhow::Result<Option<String>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
    let mut hang_up = signal(SignalKind::hangup()).context("cannot listen for signals")?;
    loop {
        let is_ending = *master.stop_wish.borrow() == StopWish::Clean;
        tokio::select! {
            _ = terminate.recv() => return Ok(None),
            _ = interrupt.recv() => return Ok(None),
            _ = hang_up.recv() => {
                info!("SIGHUP: loading the configuration again");
                control.reconfigure_by_signal().await;
            }
            () = control.wait_for_builds(), if is_ending => return Ok(None),
            Ok(()) = master.stop_wish.changed() => match *master.stop_wish.borrow_and_update() {
                StopWish::Now => return Ok(None),
                StopWish::Clean => info!("no more builds are started: the master ends after those that run"),
                StopWish::None => {
                    info!("the master does not end: builds are started again");
                    control.go_on();
                }
            },
            escalation = master.escalations.next() => {
                let text = format!("{} {} died: {}", escalation.kind, escalation.name, escalation.text);
                error!("{text}: the master ends");
                return Ok(Some(text));
            }
        }
    }
}

/// Opens the ports of workers before anything else, so that a port that is taken changes nothing.
fn bind(config: &MasterConfig, wire: &Runtime) -> anyhow::Result<Vec<(ProtocolPort, Listener)>> {
    let _guard = wire.enter();
    let listeners = config.protocols.iter().map(|port| {
        let address = socket_address(&port.listen)?;
        let listener = Listener::bind(address).with_context(|| format!("cannot listen on {}", shown(&port.listen)))?;
        info!(address = shown(&port.listen), "listening for workers");
        Ok((port.clone(), listener))
    });
    listeners.collect()
}

fn dialects(port: &ProtocolPort) -> Dialects {
    match port.protocol {
        // Both kinds of workers may come to the port that a configuration calls pb.
        Protocol::Pb => Dialects::Any,
        Protocol::Msgpack => Dialects::Msgpack,
    }
}

pub(super) fn socket_address(listen: &ListenAddress) -> anyhow::Result<SocketAddr> {
    let interface = match &listen.interface {
        None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Some(interface) if interface == "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Some(interface) => interface
            .trim_matches(['[', ']'])
            .parse()
            .with_context(|| format!("interface={interface} is no IP address"))?,
    };
    Ok(SocketAddr::new(interface, listen.port))
}

pub(super) fn shown(listen: &ListenAddress) -> String {
    format!("{}:{}", listen.interface.as_deref().unwrap_or("*"), listen.port)
}
