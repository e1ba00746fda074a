//! All reporters: what each sent, what waits and why; and the button that sends something once more.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::Serialize;

use super::view::View;
use crate::config::MasterConfig;
use crate::db::views::reporters as deliveries;
use crate::domain::{Delivery, DeliveryId, DeliveryState, Timestamp};
use crate::reporters::config::ReporterConfig;
use crate::web::error::WebError;
use crate::web::format::{self, Status, When};

/// Deliveries of each reporter that are shown.
const MOST: i64 = 25;

const SENT: Status = Status { class: "success", symbol: "✓", word: "sent" };
const REFUSED: Status = Status { class: "failure", symbol: "✗", word: "refused" };

#[derive(Serialize)]
struct ReportersPage {
    reporters: Vec<ReporterItem>,
}

#[derive(Serialize)]
struct ReporterItem {
    name: String,
    target: String,
    n_waiting: i64,
    deliveries: Vec<DeliveryItem>,
}

#[derive(Serialize)]
struct DeliveryItem {
    id: i64,
    title: String,
    status: Status,
    made: When,
    recipients: String,
    /// What the other side said.
    detail: String,
    attempts: i64,
    /// When it is tried again.
    due: Option<When>,
}

pub async fn get(view: View) -> Result<HttpResponse, WebError> {
    let config = view.handle.config();
    let names: Vec<String> = config.reporters.iter().map(|reporter| reporter.name.clone()).collect();
    let found = view
        .db
        .read(move |conn| {
            let of_one =
                |name: &String| Ok((deliveries::n_waiting(conn, name)?, deliveries::recent(conn, name, MOST)?));
            names.iter().map(of_one).collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let page = ReportersPage { reporters: items(&config, found, view.now) };
    view.page("reporters.html", "reporters", &page)
}

pub async fn again(view: View, delivery: Path<i64>) -> Result<HttpResponse, WebError> {
    view.handle.deliver_again(DeliveryId(*delivery)).await?;
    Ok(view.redirect(&format!("reporters#d{delivery}")))
}

fn items(config: &MasterConfig, found: Vec<(i64, Vec<Delivery>)>, now: Timestamp) -> Vec<ReporterItem> {
    let item = |(reporter, (n_waiting, deliveries)): (&ReporterConfig, (i64, Vec<Delivery>))| ReporterItem {
        name: reporter.name.clone(),
        target: reporter.transport.target(),
        n_waiting,
        deliveries: deliveries.iter().map(|delivery| delivery_item(delivery, now)).collect(),
    };
    config.reporters.iter().zip(found).map(item).collect()
}

fn delivery_item(delivery: &Delivery, now: Timestamp) -> DeliveryItem {
    let waits = delivery.state == DeliveryState::Waiting;
    DeliveryItem {
        id: delivery.id.0,
        title: delivery.title.clone(),
        status: match delivery.state {
            DeliveryState::Waiting => format::WAITING,
            DeliveryState::Sent => SENT,
            DeliveryState::Refused => REFUSED,
        },
        made: When::new(delivery.created_at, now),
        recipients: delivery.addressed_to.join(", "),
        detail: delivery.detail.clone(),
        attempts: delivery.attempts,
        due: (waits && now < delivery.due_at).then(|| When::new(delivery.due_at, now)),
    }
}
