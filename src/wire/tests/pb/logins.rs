//! From the greeting to a worker that can be used, or not.

use buildbot_protocol::pb::{Failure, Target};
use tokio::time::Instant;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_worker_is_introduced_step_by_step_and_hears_last_that_it_is_in() {
    let wire = wire();
    let mut peer = Peer::new(wire.dial(Dialects::Any));
    let mind = peer.mind;
    let login = peer.log_in("w1", "secret", mind.into()).await;
    let print = peer.called().await;
    assert_eq!((print.method.as_str(), print.target), ("print", Target::Object(mind.0)));
    assert_eq!(print.kwargs, [("message".to_owned(), text("attached"))]);
    peer.broker.answer(print.reply, &Jelly::None).unwrap();
    peer.answer("getWorkerInfo", facts()).await;
    assert_eq!(wire.heard(), []);
    let (b, c) = (peer.broker.export().unwrap(), peer.broker.export().unwrap());
    let told = peer.answer("setBuilderList", dict(&[("b", b.into()), ("c", c.into())])).await;
    let pair = |name, dir| Jelly::Tuple(vec![text(name), text(dir)]);
    assert_eq!(told, [Jelly::List(vec![pair("b", "dir-b"), pair("c", "dir-c")])]);
    for _ in 0..2 {
        assert_eq!(peer.answer("print", Jelly::None).await, []);
    }
    let perspective = peer.answer_to(login).await.unwrap().as_remote().unwrap();
    let link = wire.attached(0).await;
    assert_eq!(link.facts().basedir, "/w/w1");
    assert_eq!(link.facts().commands.get("upload_file").as_deref(), Some("3.3"));
    assert_eq!(peer.ask(perspective.into(), "keepalive", &[]).await, Ok(Jelly::None));
    let unknown = peer.ask(perspective.into(), "fly", &[]).await.unwrap_err();
    assert!(unknown.is_no_such_method());
}

#[tokio::test(start_paused = true)]
async fn a_worker_of_old_is_asked_in_its_own_words() {
    let wire = wire();
    let mut peer = Peer::new(wire.dial(Dialects::PerspectiveBroker));
    let mind = peer.mind.into();
    let login = peer.log_in("w1", "secret", mind).await;
    let bytes = |text: &str| Jelly::Bytes(text.as_bytes().to_vec());
    peer.answer("print", Jelly::None).await;
    peer.fail("getWorkerInfo", &Failure::no_such_method("getWorkerInfo")).await;
    peer.answer("getSlaveInfo", Jelly::Dict(vec![(bytes("basedir"), bytes("/w/old"))])).await;
    peer.answer("getCommands", Jelly::Dict(vec![(bytes("shell"), bytes("2.16"))])).await;
    peer.answer("getVersion", bytes("0.8.14")).await;
    peer.answer("setBuilderList", dict(&[])).await;
    peer.answer("print", Jelly::None).await;
    peer.answer("print", Jelly::None).await;
    assert!(peer.answer_to(login).await.is_ok());
    let link = wire.attached(0).await;
    assert_eq!((link.facts().basedir.as_str(), link.facts().version.as_str()), ("/w/old", "0.8.14"));
    assert_eq!(link.facts().commands.get("shell").as_deref(), Some("2.16"));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_refused_hears_that_it_is_unauthorized_and_may_try_again() {
    let wire = wire();
    let mut peer = Peer::new(wire.dial(Dialects::Any));
    let mind = peer.mind;
    let wrong = peer.log_in("w1", "guess", mind.into()).await;
    assert!(peer.answer_to(wrong).await.unwrap_err().is_unauthorized());
    let no_worker = peer.respond("w1", "secret", Jelly::None).await;
    assert!(peer.answer_to(no_worker).await.unwrap_err().is_unauthorized());
    let stale = peer.ask(Target::Object(1), "respond", &[Jelly::Bytes(vec![0; 16]), mind.into()]).await;
    assert!(stale.is_err());
    let anonymous = peer.ask(Target::Root, "loginAnonymous", &[mind.into()]).await.unwrap_err();
    assert_eq!(anonymous.type_name, "twisted.cred.error.UnhandledCredentials");
    peer.respond("w1", "secret", mind.into()).await;
    assert_eq!(peer.called().await.method, "print");
}

#[tokio::test(start_paused = true)]
async fn a_challenge_is_good_for_one_response() {
    let wire = wire();
    let mut peer = Peer::new(wire.dial(Dialects::Any));
    let mind = peer.mind;
    let wrong = peer.log_in("w1", "guess", mind.into()).await;
    assert!(peer.answer_to(wrong).await.is_err());
    let again = peer.ask(Target::Object(1), "respond", &[Jelly::Bytes(vec![0; 16]), mind.into()]).await;
    assert!(again.is_err(), "and the challenger is gone");
}

#[tokio::test(start_paused = true)]
async fn a_second_connection_is_unauthorized_while_the_first_is_alive() {
    let wire = wire();
    let mut first = attach(&wire, "w1").await;
    let mut second = Peer::new(wire.dial(Dialects::Any));
    let mind = second.mind.into();
    let login = second.log_in("w1", "secret", mind).await;
    let asked = first.peer.called().await;
    assert_eq!(asked.kwargs, [("message".to_owned(), text("master got a duplicate connection"))]);
    first.peer.broker.answer(asked.reply, &Jelly::None).unwrap();
    let answers = tokio::join!(second.answer_to(login), first.peer.gone_after_silence());
    assert!(answers.0.unwrap_err().is_unauthorized());
    assert_eq!(wire.heard().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_second_connection_takes_over_from_a_dead_one() {
    let wire = wire();
    let first = attach(&wire, "w1").await;
    let second = attach(&wire, "w1").await;
    assert!(first.link.session() < second.link.session());
    let why = wire.detached(first.link.session()).await;
    assert_eq!(why, "another connection of this worker took over");
}

#[tokio::test(start_paused = true)]
async fn a_flood_before_the_login_is_cut_off() {
    for flood in [&[0x01, 0x00, 0x01, 0x82][..], &[0x01, 0x80, 0x01, 0x80], &[0x7f; 128], &[0x88]] {
        let wire = wire();
        let mut peer = Peer::new(wire.dial(Dialects::Any));
        let began = Instant::now();
        for _ in 0..16 {
            peer.write(flood).await;
        }
        peer.gone_whatever_it_says().await;
        assert!(began.elapsed() < Duration::from_secs(5), "{flood:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_that_trickles_in_has_half_a_minute() {
    let wire = wire();
    let mut peer = Peer::new(wire.dial(Dialects::PerspectiveBroker));
    let began = Instant::now();
    peer.write(b"\x02\x82pb").await;
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if !peer.try_write(b"\x00").await {
            break;
        }
    }
    peer.gone_whatever_it_says().await;
    assert!(began.elapsed() <= Duration::from_secs(31), "{:?}", began.elapsed());
}
