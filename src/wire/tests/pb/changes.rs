//! Clients that send changes.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_client_sends_changes_and_hears_of_each() {
    let wire = wire();
    let mut peer = Peer::new(wire.dial(Dialects::Any));
    let login = peer.log_in("change", "secret", Jelly::None).await;
    let perspective = peer.answer_to(login).await.unwrap().as_remote().unwrap().into();
    // Hooks in Python 2 have bytes for everything, keys included.
    let bytes = |text: &str| Jelly::Bytes(text.as_bytes().to_vec());
    let good = Jelly::Dict(vec![(bytes("who"), bytes("J\u{f6}e")), (bytes("files"), Jelly::List(vec![text("a.c")]))]);
    assert_eq!(peer.ask(perspective, "addChange", &[good]).await, Ok(Jelly::None));
    let bad = peer.ask(perspective, "addChange", &[dict(&[])]).await.unwrap_err();
    assert_eq!((bad.type_name.as_str(), bad.value.as_str()), ("builtins.ValueError", "who was it?"));
    assert!(peer.ask(perspective, "addChange", &[Jelly::Int(1)]).await.is_err());
    assert!(peer.ask(perspective, "keepalive", &[]).await.unwrap_err().is_no_such_method());
    let changes = wire.gate.changes.lock().unwrap().clone();
    assert_eq!((changes.len(), &changes[0]["who"]), (2, &Value::from("Jöe")));
    peer.gone().await;
    assert_eq!(wire.heard(), [], "it is no worker");
}

#[tokio::test(start_paused = true)]
async fn a_client_with_a_wrong_password_is_unauthorized() {
    let wire = wire();
    let mut peer = Peer::new(wire.dial(Dialects::Any));
    let login = peer.log_in("change", "guess", Jelly::None).await;
    assert!(peer.answer_to(login).await.unwrap_err().is_unauthorized());
}
