//! `/metrics`: what the supervisor counted, as Prometheus text.

use std::fmt::{Display, Write as _};

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::WebState;
use crate::actors::handle::ActorFigures;

pub async fn get(state: Data<WebState>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(render(&state.handle.figures()))
}

fn render(figures: &[ActorFigures]) -> String {
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, value: &dyn Fn(&ActorFigures) -> Box<dyn Display>| {
        let mut lines = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        for actor in figures {
            let labels = format!("kind=\"{}\",name=\"{}\"", actor.kind, escaped(&actor.name));
            writeln!(lines, "{name}{{{labels}}} {}", value(actor)).expect("writing to a String cannot fail");
        }
        text.push_str(&lines);
    };
    family("buildbot_actor_up", "gauge", "1 if the actor is running.", &|actor| {
        Box::new(u8::from(actor.state == "running"))
    });
    family(
        "buildbot_actor_quarantined",
        "gauge",
        "1 if the actor was switched off after too many failures.",
        &|actor| Box::new(u8::from(actor.state == "quarantined")),
    );
    family("buildbot_actor_mailbox_depth", "gauge", "Messages that wait.", &|actor| Box::new(actor.mailbox_depth));
    family("buildbot_actor_handled_total", "counter", "Messages handled.", &|actor| Box::new(actor.handled));
    family("buildbot_actor_waiting_seconds_total", "counter", "Time that messages waited.", &|actor| {
        Box::new(actor.waiting_seconds)
    });
    family("buildbot_actor_handling_seconds_total", "counter", "Time spent in handlers.", &|actor| {
        Box::new(actor.handling_seconds)
    });
    family("buildbot_actor_longest_handling_seconds", "gauge", "The slowest message.", &|actor| {
        Box::new(actor.longest_handling_seconds)
    });
    family("buildbot_actor_panics_total", "counter", "Panics caught.", &|actor| Box::new(actor.panics));
    family("buildbot_actor_restarts_total", "counter", "Restarts.", &|actor| Box::new(actor.restarts));
    text
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_actor_is_one_line_in_each_family() {
        let actor =
            |name: &str| ActorFigures { kind: "builder", name: name.to_owned(), handled: 7, ..Default::default() };
        let text = render(&[actor("linux"), actor("a\"b\\c\nd")]);
        assert!(text.contains("buildbot_actor_handled_total{kind=\"builder\",name=\"linux\"} 7\n"), "{text}");
        assert!(text.contains("name=\"a\\\"b\\\\c\\nd\""), "{text}");
        let n_samples = text.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(n_samples, 2 * text.matches("# TYPE").count());
    }
}
