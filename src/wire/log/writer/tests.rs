//! What is stored of what was appended.

use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::secrets::Secret;
use crate::testing::log_shelf::LogShelf;

const LOG: LogId = LogId(7);

fn config(kind: LogKind) -> LogWriterConfig {
    LogWriterConfig {
        log: LOG,
        kind,
        limits: LogLimits::default(),
        clock: Clock::simulated(Timestamp::from_secs(1_000)),
        redactor: None,
        runtime: Handle::current(),
    }
}

fn writer(config: LogWriterConfig, shelf: &LogShelf) -> LogWriter {
    LogWriter::new(config, Arc::new(shelf.clone()), Box::new(|_| {}))
}

#[tokio::test(start_paused = true)]
async fn lines_of_a_stream_log_begin_with_the_letter_of_their_stream() {
    let shelf = LogShelf::open();
    let log = writer(config(LogKind::Stream), &shelf);
    log.append(Stream::Header, "make\n");
    log.append(Stream::Stdout, "one\ntw");
    log.append(Stream::Stderr, "bad\n");
    log.append(Stream::Stdout, "o\nend");
    assert_eq!(log.finish().await, Ok(5));
    assert_eq!(shelf.text(LOG), "hmake\noone\nebad\notwo\noend\n");
}

#[tokio::test(start_paused = true)]
async fn a_text_log_is_kept_as_it_is() {
    let shelf = LogShelf::open();
    let log = writer(config(LogKind::Text), &shelf);
    log.append(Stream::Stdout, "<b>\nx").stored().await.unwrap();
    log.append(Stream::Stderr, "y\n");
    assert_eq!(log.finish().await, Ok(2));
    assert_eq!(shelf.text(LOG), "<b>\nxy\n");
}

#[tokio::test(start_paused = true)]
async fn what_arrives_during_a_store_is_merged_into_the_next_chunk() {
    let shelf = LogShelf::closed();
    let log = writer(config(LogKind::Stream), &shelf);
    log.append(Stream::Stdout, "first\n");
    tokio::task::yield_now().await;
    for n in 0..50 {
        log.append(Stream::Stdout, &format!("{n}\n"));
    }
    shelf.allow(100);
    log.finish().await.unwrap();
    let lines: Vec<(i64, i64, i64, i64)> =
        shelf.chunks(LOG).iter().map(|chunk| (chunk.seq, chunk.first_line, chunk.n_lines, chunk.first_byte)).collect();
    assert_eq!(lines, [(0, 0, 1, 0), (1, 1, 50, 7)]);
}

#[tokio::test(start_paused = true)]
async fn a_receipt_is_settled_by_the_store_and_not_before() {
    let shelf = LogShelf::closed();
    let log = writer(config(LogKind::Stream), &shelf);
    let receipt = log.append(Stream::Stdout, "one\n");
    let nothing_new = log.append(Stream::Stdout, "begun");
    tokio::task::yield_now().await;
    assert!(!receipt.is_settled() && !nothing_new.is_settled());
    shelf.allow(1);
    receipt.stored().await.unwrap();
    nothing_new.stored().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_chunk_knows_the_colour_it_begins_in() {
    let shelf = LogShelf::open();
    let log = writer(config(LogKind::Stream), &shelf);
    log.append(Stream::Stdout, "\x1b[1;32mgreen\n").stored().await.unwrap();
    log.append(Stream::Stdout, "still\x1b[0m\n").stored().await.unwrap();
    log.append(Stream::Stdout, "plain\n").stored().await.unwrap();
    let colours: Vec<String> = shelf.chunks(LOG).into_iter().map(|chunk| chunk.ansi).collect();
    assert_eq!(colours, ["", "\x1b[1;32m", ""]);
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_stored_as_its_name_even_across_appends() {
    let shelf = LogShelf::open();
    let redactor = Redactor::new([("token".to_owned(), Secret::new("hunter2"))]);
    let log = writer(LogWriterConfig { redactor: Some(redactor), ..config(LogKind::Stream) }, &shelf);
    let mut seen = Vec::new();
    log.append_observed(Stream::Stdout, "x hun", &mut |line| seen.push(line.to_owned()));
    log.append_observed(Stream::Stdout, "ter2\n", &mut |line| seen.push(line.to_owned()));
    log.finish().await.unwrap();
    assert_eq!(shelf.text(LOG), "ox <token>\n");
    assert_eq!(seen, ["x <token>"]);
}

#[tokio::test(start_paused = true)]
async fn a_log_beyond_its_limit_keeps_a_note_and_its_end() {
    let shelf = LogShelf::open();
    let limits = LogLimits { max_bytes: Some(8), max_tail_bytes: Some(8) };
    let log = writer(LogWriterConfig { limits, ..config(LogKind::Stream) }, &shelf);
    log.append(Stream::Stdout, "one\ntwo\nthree\nfour\nfive\n");
    log.append(Stream::Header, "elapsed\n");
    assert_eq!(log.finish().await, Ok(6));
    let text = shelf.text(LOG);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["oone", "otwo"]);
    assert!(lines[2].starts_with("h[the log has reached its limit of 8 bytes"), "{text}");
    assert_eq!(lines[3], "helapsed");
    assert_eq!(lines[4..], ["h[the last 5 bytes of the output]", "ofive"]);
}

#[tokio::test(start_paused = true)]
async fn a_large_log_is_cut_into_chunks_in_order() {
    let shelf = LogShelf::open();
    let counted = Arc::new(AtomicI64::new(0));
    let seen = Arc::clone(&counted);
    let on_lines = Box::new(move |n_lines| seen.store(n_lines, Ordering::SeqCst));
    let log = LogWriter::new(config(LogKind::Stream), Arc::new(shelf.clone()), on_lines);
    let line = format!("{}\n", "x".repeat(99));
    for _ in 0..20 {
        log.append(Stream::Stdout, &line.repeat(1_000));
    }
    assert_eq!(log.finish().await, Ok(20_000));
    let chunks = shelf.chunks(LOG);
    assert!(4 < chunks.len());
    for pair in chunks.windows(2) {
        assert_eq!(pair[1].seq, pair[0].seq + 1);
        assert_eq!(pair[1].first_line, pair[0].first_line + pair[0].n_lines);
        assert_eq!(pair[1].first_byte, pair[0].first_byte + pair[0].n_bytes);
    }
    assert_eq!(counted.load(Ordering::SeqCst), 20_000);
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_fails_settles_every_receipt() {
    let shelf = LogShelf::broken("disk on fire");
    let log = writer(config(LogKind::Stream), &shelf);
    let first = log.append(Stream::Stdout, "one\n");
    assert_eq!(first.stored().await, Err(LogError("disk on fire".into())));
    assert!(log.append(Stream::Stdout, "two\n").is_settled());
    assert!(log.finish().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_panics_leaves_nobody_waiting() {
    struct Bomb;
    impl LogSink for Bomb {
        fn store(&self, _: LogChunk) -> BoxFuture<'static, Result<(), String>> {
            panic!("expected by the test");
        }
    }
    let log = LogWriter::new(config(LogKind::Stream), Arc::new(Bomb), Box::new(|_| {}));
    assert!(log.append(Stream::Stdout, "one\n").stored().await.is_err());
}
