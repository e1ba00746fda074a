//! Packets of everything that happens, gathered and sent in order.

use super::*;

const PUSH: &str = "HttpStatusPush('http://127.0.0.1:9/', name='mail', chunkSize=4, bufferDelay=10, retryDelay=30, \
    blackList=['requestSubmitted'])";

/// What the parcels of a push tell of, parcel by parcel.
fn told(attempts: &[Parcel]) -> Vec<Vec<(i64, String)>> {
    let of_one = |parcel: &Parcel| {
        let text = String::from_utf8(parcel.body.clone()).unwrap();
        let form = text.strip_prefix("packets=").unwrap();
        let packets: json::Value = json::from_str(&decoded(form)).unwrap();
        let packets = packets.as_array().unwrap().iter();
        packets.map(|packet| (packet["id"].as_i64().unwrap(), packet["event"].as_str().unwrap().to_owned())).collect()
    };
    attempts.iter().map(of_one).collect()
}

fn decoded(form: &str) -> String {
    let (mut bytes, mut letters) = (Vec::new(), form.bytes());
    while let Some(letter) = letters.next() {
        match letter {
            b'%' => {
                let hex = [letters.next().unwrap(), letters.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[actix::test]
async fn packets_are_gathered_and_sent_in_order_a_few_at_once() {
    let bench = Bench::new(PUSH).await;
    let reporter = bench.start();
    bench.build(Results::Failure).await;
    bench.build(Results::Success).await;
    reporter.tell().tell(ReconsiderEvents);
    bench.pass(Duration::from_secs(9)).await;
    assert!(bench.transport.attempts().is_empty(), "ten seconds are waited for more");
    bench.pass(Duration::from_secs(2)).await;
    let told = told(&bench.transport.attempts());
    let names: Vec<Vec<&str>> =
        told.iter().map(|batch| batch.iter().map(|(_, name)| name.as_str()).collect()).collect();
    let of_build = ["buildsetSubmitted", "buildStarted", "buildFinished"];
    assert_eq!(names, [[&of_build[..], &of_build[..1]].concat(), of_build[1..].to_vec()]);
    let ids: Vec<i64> = told.iter().flatten().map(|(id, _)| *id).collect();
    assert!(ids.is_sorted(), "{ids:?}");
}

#[actix::test]
async fn after_an_outage_and_a_restart_no_packet_is_missing() {
    let bench = Bench::new(PUSH).await;
    bench.transport.die(true);
    let reporter = bench.start();
    bench.fail_for_a_hundred_minutes(&reporter).await;
    reporter.stop().await;
    bench.transport.die(false);
    let n_tried = bench.transport.attempts().len();
    let _reporter = bench.start();
    bench.pass(5 * MINUTE).await;
    let told: Vec<(i64, String)> = told(&bench.transport.attempts()[n_tried..]).into_iter().flatten().collect();
    assert_eq!(told.len(), 300);
    assert!(told.is_sorted(), "they come in their order");
}

#[actix::test]
async fn the_oldest_packets_give_way_if_too_many_wait() {
    let bench = Bench::new(&PUSH.replace("chunkSize=4", "chunkSize=4, maxDiskItems=5")).await;
    bench.transport.die(true);
    let reporter = bench.start();
    for _ in 0..3 {
        bench.build(Results::Failure).await;
        reporter.tell().tell(ReconsiderEvents);
        bench.pass(MINUTE).await;
    }
    let waiting: Vec<String> = bench.deliveries().await.into_iter().map(|delivery| delivery.event_key).collect();
    assert_eq!(waiting, ["builds/2/new", "builds/2/finished", "buildsets/3/new", "builds/3/new", "builds/3/finished"]);
}

#[actix::test]
async fn one_packet_that_is_refused_does_not_take_the_others_with_it() {
    let bench = Bench::new(PUSH).await;
    // Of all three, of two, of the first alone.
    for _ in 0..3 {
        bench.transport.answer(Outcome::Refused("400 bad".to_owned()));
    }
    let reporter = bench.start();
    bench.build(Results::Failure).await;
    reporter.tell().tell(ReconsiderEvents);
    bench.pass(2 * MINUTE).await;
    let states: Vec<DeliveryState> = bench.deliveries().await.into_iter().map(|delivery| delivery.state).collect();
    assert_eq!(states, [DeliveryState::Refused, DeliveryState::Sent, DeliveryState::Sent]);
}

#[actix::test]
async fn a_function_has_the_packets_unless_it_raises() {
    let bench = Bench::new("StatusPush(refused, name='mail', bufferDelay=0)").await;
    let TransportConfig::Push(PushConfig { end: PushEnd::Function(function), .. }) =
        bench.in_force.borrow().config.reporters[0].transport.clone()
    else {
        panic!("no function")
    };
    let transport = FunctionTransport { function, scripts: bench.scripts.ask(MINUTE) };
    let parcel = |body: &str| Parcel {
        id: "1".to_owned(),
        event: String::new(),
        recipients: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    let outcome = transport.send(&parcel("[1, 2]")).await;
    assert!(matches!(outcome, Outcome::Unreachable(_)), "{outcome:?}");
}

#[actix::test]
async fn a_packet_that_is_larger_than_a_request_is_dropped_and_the_next_is_sent() {
    let bench = Bench::new(&PUSH.replace("chunkSize=4", "maxHttpRequestSize=65536")).await;
    let reporter = bench.start();
    let long = NewChange { comments: "x".repeat(1 << 20), ..crate::testing::sample_site::change() };
    let short = NewChange { comments: "short".to_owned(), revision: None, ..long.clone() };
    for change in [long, short] {
        let (source, changes) = ("hook".to_owned(), vec![change]);
        let ingest = IngestChanges { source, source_id: None, changes, poll_state: None, history: None };
        bench.db.db.write(ingest).await.unwrap();
    }
    reporter.tell().tell(ReconsiderEvents);
    bench.pass(2 * MINUTE).await;
    let states: Vec<DeliveryState> = bench.deliveries().await.into_iter().map(|delivery| delivery.state).collect();
    assert_eq!(states, [DeliveryState::Refused, DeliveryState::Sent]);
    let sizes: Vec<usize> = bench.transport.attempts().iter().map(|parcel| parcel.body.len()).collect();
    assert!(sizes.len() == 1 && sizes[0] < 65_536, "{sizes:?}");
}
