//! The live tree of actors: who is alive, what waits in whose mailbox, and who was switched off.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::http::header::LOCATION;
use actix_web::web::Form;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};

use super::view::View;
use crate::actors::handle::ActorFigures;
use crate::web::error::WebError;
use crate::web::format::{self, Status};
use crate::web::query;

/// Children that are shown below one parent, unless their kind is asked for.
const MOST_CHILDREN: usize = 12;
/// The same if it is.
const MOST_OF_KIND: usize = 500;

/// A kind of actor, the kind it lives below, and what it does.
struct Kind {
    kind: &'static str,
    parent: &'static str,
    does: &'static str,
}

const fn kind(kind: &'static str, parent: &'static str, does: &'static str) -> Kind {
    Kind { kind, parent, does }
}

/// The tree, in the order in which the master starts it.
#[rustfmt::skip]
const KINDS: &[Kind] = &[
    kind("db_writer", "", "Writes whatever changes, many changes in one transaction. Nobody is told of what is not stored."),
    kind("event_bus", "", "Tells everybody what has been stored, in the order of the commits."),
    kind("scripts", "", "Runs functions of the configuration on threads of their own, within limits of time and memory."),
    kind("buildset_keeper", "", "Knows every request that waits."),
    kind("lock_keeper", "", "Takes all locks of a build together, so that no two builds wait for each other."),
    kind("lock", "lock_keeper", "One lock: who holds it, and who is next."),
    kind("builders", "", "Knows which builder builds on which worker."),
    kind("builder", "builders", "Begins the builds of one builder and records their ends."),
    kind("build", "builders", "One running build: its steps, one after the other."),
    kind("distributor", "", "Decides which request is built next, and where."),
    kind("workers", "", "Knows which workers can take a build."),
    kind("worker", "workers", "One configured worker and its connection."),
    kind("change_intake", "", "Accepts changes, each only once."),
    kind("change_sources", "", "Keeps one child for each source of changes."),
    kind("change_source", "change_sources", "Looks for new commits, or waits to be told of them."),
    kind("schedulers", "", "Keeps one child for each scheduler."),
    kind("scheduler", "schedulers", "Decides when a set of builds is due."),
    kind("reporters", "", "Keeps one child for each reporter; whatever happens there, builds go on."),
    kind("reporter", "reporters", "Tells somebody about builds."),
    kind("absences", "reporters", "Says that a worker has been away for too long."),
    kind("janitor", "", "Throws away what is old."),
    kind("reconfigurator", "", "Brings a new configuration into force, as a whole or not at all."),
];

#[derive(Serialize)]
struct ActorsPage {
    nodes: Vec<Node>,
    n_actors: usize,
    n_quarantined: usize,
    n_waiting: u64,
    /// The kind of which all are shown.
    chosen: String,
}

#[derive(Serialize)]
struct Node {
    actor: ActorItem,
    does: &'static str,
    children: Vec<ActorItem>,
    child_kind: String,
    n_more: usize,
}

#[derive(Serialize)]
struct ActorItem {
    kind: &'static str,
    name: String,
    status: Status,
    /// Needs a person.
    quarantined: bool,
    depth: u64,
    handled: u64,
    /// Time that a message waits before it is handled, on average.
    waits: String,
    takes: String,
    worst: String,
    restarts: u64,
    failure: Option<String>,
}

pub async fn get(view: View, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let chosen = query::first(Some(request.query_string()), "kind");
    let page = page(view.handle.figures(), chosen);
    view.page("actors.html", "actors", &page)
}

/// Which actor is to be tried again.
#[derive(Deserialize)]
pub struct Retry {
    kind: String,
    name: String,
}

pub async fn retry(view: View, Form(Retry { kind, name }): Form<Retry>) -> Result<HttpResponse, WebError> {
    if !view.handle.retry_actor(&kind, &name) {
        return Err(WebError::NotFound(format!("There is no {kind} “{name}”.")));
    }
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, "../actors")).finish())
}

fn page(figures: Vec<ActorFigures>, chosen: String) -> ActorsPage {
    let n_quarantined = figures.iter().filter(|actor| actor.state == "quarantined").count();
    let n_waiting = figures.iter().map(|actor| actor.mailbox_depth).sum();
    let mut by_kind: HashMap<&'static str, Vec<ActorFigures>> = HashMap::new();
    for actor in figures.into_iter().filter(|actor| actor.name != "(ended)") {
        by_kind.entry(actor.kind).or_default().push(actor);
    }
    let n_actors = by_kind.values().map(Vec::len).sum();
    let top = KINDS.iter().filter(|kind| kind.parent.is_empty());
    let nodes = top.filter_map(|kind| node(kind, &mut by_kind, &chosen)).collect();
    ActorsPage { nodes, n_actors, n_quarantined, n_waiting, chosen }
}

fn node(kind: &Kind, by_kind: &mut HashMap<&'static str, Vec<ActorFigures>>, chosen: &str) -> Option<Node> {
    let actor = by_kind.remove(kind.kind)?.pop()?;
    let below: Vec<&Kind> = KINDS.iter().filter(|child| child.parent == kind.kind).collect();
    let mut children: Vec<ActorFigures> =
        below.iter().filter_map(|child| by_kind.remove(child.kind)).flatten().collect();
    // Who needs a person comes first, then who has most to do.
    children.sort_by_key(|child| {
        (child.state == "running", std::cmp::Reverse((child.mailbox_depth, child.handled)), child.name.clone())
    });
    let most = if chosen == kind.kind { MOST_OF_KIND } else { MOST_CHILDREN };
    let n_more = children.len().saturating_sub(most);
    children.truncate(most);
    Some(Node {
        actor: item(actor),
        does: kind.does,
        children: children.into_iter().map(item).collect(),
        child_kind: below.first().map(|child| child.does.to_owned()).unwrap_or_default(),
        n_more,
    })
}

fn item(actor: ActorFigures) -> ActorItem {
    let (class, symbol, word) = match actor.state {
        "running" => ("success", "✓", "running"),
        "restarting" => ("retry", "↻", "restarting"),
        "quarantined" => ("exception", "!", "switched off"),
        "stopped" => ("cancelled", "⊘", "stopped"),
        _ => ("waiting", "…", "starting"),
    };
    ActorItem {
        kind: actor.kind,
        status: Status { class, symbol, word },
        quarantined: actor.state == "quarantined",
        depth: actor.mailbox_depth,
        handled: actor.handled,
        waits: mean(actor.waiting_seconds, actor.handled),
        takes: mean(actor.handling_seconds, actor.handled),
        worst: if actor.handled == 0 { String::new() } else { short(actor.longest_handling_seconds) },
        restarts: actor.restarts,
        failure: actor.last_failure,
        name: actor.name,
    }
}

fn mean(seconds: f64, count: u64) -> String {
    if count == 0 { String::new() } else { short(seconds / count as f64) }
}

/// `12 µs`, `3.4 ms`, and from a second on the words of the other pages.
fn short(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 1e-3 => format!("{:.0} µs", seconds * 1e6),
        seconds if seconds < 1.0 => format!("{:.1} ms", seconds * 1e3),
        seconds => format::duration(Duration::try_from_secs_f64(seconds).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(kind: &'static str, name: &str, state: &'static str) -> ActorFigures {
        ActorFigures { kind, name: name.to_owned(), state, handled: 4, waiting_seconds: 8e-3, ..Default::default() }
    }

    #[test]
    fn children_stand_below_their_parents_and_trouble_comes_first() {
        let mut figures = vec![actor("builders", "builders", "running")];
        figures.extend((0..30).map(|number| actor("builder", &format!("b{number}"), "running")));
        figures.push(actor("builder", "bad", "quarantined"));
        figures.push(actor("build", "(ended)", "stopped"));
        let page = page(figures, String::new());
        assert_eq!((page.n_actors, page.n_quarantined, page.nodes.len()), (32, 1, 1));
        let node = &page.nodes[0];
        assert_eq!((node.children.len(), node.n_more), (MOST_CHILDREN, 31 - MOST_CHILDREN));
        assert_eq!((node.children[0].name.as_str(), node.children[0].quarantined), ("bad", true));
        assert_eq!(node.children[0].waits, "2.0 ms");
    }

    #[test]
    fn every_actor_of_the_tree_has_its_place() {
        for kind in KINDS {
            assert!(kind.parent.is_empty() || KINDS.iter().any(|parent| parent.kind == kind.parent), "{}", kind.kind);
        }
    }

    #[test]
    fn times_are_short() {
        assert_eq!(
            [short(0.000_012), short(0.0034), short(2.0)],
            ["12 µs", "3.4 ms", &format::duration(Duration::from_secs(2))]
        );
    }
}
