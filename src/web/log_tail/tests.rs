//! Ranges, searches and followers over a real store, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use actix_web::test::TestRequest;
use tokio::time::Instant;

use super::follower::{Follower, Growth};
use crate::domain::log::LogChunk;
use crate::domain::{Log, StepId, Timestamp};
use crate::json::{self, Value, json};
use crate::testing::growing_log::{begin_log, end_log};
use crate::web::tests::site::Site;

/// A log that is still written, and what writes it.
struct Growing {
    site: Site,
    log: Log,
    n_chunks: i64,
    n_lines: i64,
}

impl Growing {
    async fn new() -> Self {
        let (site, sample) = Site::filled().await;
        let log = begin_log(site.db(), sample.log.step_id, "more").await.unwrap();
        Self { site, log, n_chunks: 0, n_lines: 0 }
    }

    /// Stores a chunk and tells nobody.
    async fn store(&mut self, ansi: &str, text: &str) {
        let n_lines = i64::try_from(text.lines().count()).unwrap();
        let at = Timestamp::from_secs(1_700_000_000 + self.n_chunks);
        let chunk = LogChunk {
            log: self.log.id,
            seq: self.n_chunks,
            first_line: self.n_lines,
            n_lines,
            first_byte: 0,
            n_bytes: i64::try_from(text.len()).unwrap(),
            first_at: at,
            last_at: at,
            ansi: ansi.to_owned(),
            body: zstd::bulk::compress(text.as_bytes(), 1).unwrap(),
        };
        self.site.db().store_chunks(vec![chunk]).await.unwrap();
        self.n_chunks += 1;
        self.n_lines += n_lines;
    }

    fn tell(&self) {
        self.site.state.handle.live().log_appended(self.log.id, StepId(1), self.n_lines);
    }

    async fn get(&self, rest: &str) -> Value {
        let answer = self.site.page(&format!("/logs/{}/{rest}", self.log.id)).await;
        assert_eq!(answer.status, 200, "{rest}: {}", answer.body);
        answer.json()
    }

    fn follow(&self) -> Arc<Follower> {
        let state = &self.site.state;
        state.tails.follow(self.log.clone(), &state.db, &state.handle.live())
    }

    /// The messages of a search.
    async fn search(&self, query: &str) -> Vec<Value> {
        let answer = self.site.page(&format!("/logs/{}/search?{query}", self.log.id)).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/x-ndjson"), "{query}");
        answer.body.lines().map(|line| json::from_str(line).unwrap()).collect()
    }
}

/// Waits for a growth, at most so long.
async fn grown(follower: &Follower, wanted: Growth, at_most: Duration) {
    let mut watch = follower.watch();
    let seen = tokio::time::timeout(at_most, watch.wait_for(|growth| *growth == wanted)).await;
    assert!(seen.is_ok(), "{:?} is not {wanted:?}", follower.growth());
}

#[actix_web::test]
async fn any_range_can_be_asked_for_and_negative_numbers_count_from_the_end() {
    let mut growing = Growing::new().await;
    growing.store("", "oa\neb\n").await;
    growing.store("", "hc\nod\noe\n").await;
    let all = growing.get("lines").await;
    assert_eq!(all["lines"], json!([["o", "a"], ["e", "b"], ["h", "c"], ["o", "d"], ["o", "e"]]));
    assert_eq!((&all["n_lines"], &all["complete"], &all["first"]), (&json!(5), &json!(false), &json!(0)));
    assert_eq!(all["arrivals"][1], json!([2, 3, 1_700_000_001_000_000_i64, 1_700_000_001_000_000_i64]));
    let some = growing.get("lines?first=1&n=2").await;
    assert_eq!(some["lines"], json!([["e", "b"], ["h", "c"]]));
    let last = growing.get("lines?first=-1").await;
    assert_eq!((&last["first"], &last["lines"]), (&json!(4), &json!([["o", "e"]])));
    assert_eq!(growing.get("lines?first=-99&n=1").await["lines"], json!([["o", "a"]]));
    assert_eq!(growing.get("lines?first=99").await["lines"], json!([]));
}

#[actix_web::test]
async fn a_colour_goes_on_across_lines_and_chunks_wherever_a_range_begins() {
    let mut growing = Growing::new().await;
    growing.store("", "oplain\no\u{1b}[31mred\nostill red\n").await;
    growing.store("\u{1b}[31m", "ored in the next chunk\no\u{1b}[mplain\n").await;
    assert_eq!(growing.get("lines?first=2&n=1").await["lines"], json!([["o", ["c1", "still red"]]]));
    let rest = growing.get("lines?first=3").await;
    assert_eq!(rest["lines"], json!([["o", ["c1", "red in the next chunk"]], ["o", "plain"]]));
}

#[actix_web::test]
async fn a_range_of_very_long_lines_ends_early_and_its_rest_can_be_asked_for() {
    let mut growing = Growing::new().await;
    let text = format!("o{}\n", "x".repeat(300 << 10)).repeat(4);
    growing.store("", &text).await;
    let n = growing.get("lines").await["lines"].as_array().unwrap().len();
    assert_eq!(n, 2);
    assert_eq!(growing.get("lines?first=2").await["first"], json!(2));
}

#[actix_web::test]
async fn a_search_tells_hits_in_order_and_how_far_it_came() {
    let mut growing = Growing::new().await;
    growing.store("", "oneedle\nohay\n").await;
    growing.store("", "eNEEDLE needle\n").await;
    let done = json!({"done": true, "searched": 3, "hits": 2, "limited": false});
    let hits = [json!({"line": 0, "ranges": [[0, 6]]}), json!({"line": 2, "ranges": [[0, 6], [7, 13]]}), done];
    assert_eq!(growing.search("q=needle").await, hits);
    assert_eq!(growing.search("q=needle&from=2").await.len(), 2);
    assert_eq!(growing.search("q=NEED.E&regex=1&case=1").await[0]["line"], json!(2));
    let limited = growing.search("q=needle&limit=1").await;
    assert_eq!(limited[1], json!({"done": true, "searched": 1, "hits": 1, "limited": true}));
}

#[actix_web::test]
async fn a_pattern_that_is_wrong_or_a_log_that_is_not_there_is_refused() {
    let growing = Growing::new().await;
    let status = async |path: String| growing.site.page(&path).await.status.as_u16();
    assert_eq!(status(format!("/logs/{}/search?q=(&regex=1", growing.log.id)).await, 422);
    assert_eq!(status(format!("/logs/{}/search?q=", growing.log.id)).await, 422);
    for path in ["/logs/99/lines", "/logs/x/lines", "/logs/99/search?q=x", "/logs/99/tail"] {
        assert_eq!(status(path.to_owned()).await, 404, "{path}");
    }
}

#[actix_web::test]
async fn a_page_of_another_site_cannot_tail_a_log() {
    let growing = Growing::new().await;
    let request = TestRequest::get()
        .uri(&format!("/logs/{}/tail", growing.log.id))
        .insert_header(("upgrade", "websocket"))
        .insert_header(("origin", "http://evil.example"));
    assert_eq!(growing.site.send(request).await.status, 403);
}

#[actix_web::test]
async fn a_follower_keeps_what_is_new_and_knows_the_end() {
    let mut growing = Growing::new().await;
    growing.store("", "oold\n").await;
    let follower = growing.follow();
    grown(&follower, Growth { n_lines: 1, complete: false }, Duration::from_secs(1)).await;
    assert!(follower.recent(0).is_none());
    growing.store("", "onew\n").await;
    growing.tell();
    grown(&follower, Growth { n_lines: 2, complete: false }, Duration::from_secs(1)).await;
    let piece = follower.recent(1).unwrap();
    assert_eq!((piece.first, piece.n_lines), (1, 1));
    assert!(piece.frame.contains(r#"[["o","new"]]"#), "{}", piece.frame);
    end_log(growing.site.db(), growing.log.id).await.unwrap();
    grown(&follower, Growth { n_lines: 2, complete: true }, Duration::from_secs(6)).await;
}

#[actix_web::test]
async fn what_no_event_told_of_is_found_by_the_slow_timer() {
    let mut growing = Growing::new().await;
    let follower = growing.follow();
    tokio::time::sleep(Duration::from_secs(1)).await;
    growing.store("", "osilent\n").await;
    let begin = Instant::now();
    grown(&follower, Growth { n_lines: 1, complete: false }, Duration::from_secs(10)).await;
    assert!(begin.elapsed() <= Duration::from_secs(5), "{:?}", begin.elapsed());
}

#[actix_web::test]
async fn everybody_who_watches_a_log_shares_its_follower_until_all_have_left() {
    let growing = Growing::new().await;
    let (one, other) = (growing.follow(), growing.follow());
    assert!(Arc::ptr_eq(&one, &other));
    let gone = Arc::downgrade(&one);
    drop((one, other));
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(gone.upgrade().is_none());
}

#[actix_web::test]
async fn a_large_chunk_is_cut_into_pieces_that_leave_no_line_out() {
    let mut growing = Growing::new().await;
    let follower = growing.follow();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let text: String = (0..3_000).map(|n| format!("oline {n} of a large chunk of text\n")).collect();
    growing.store("", &text).await;
    growing.tell();
    grown(&follower, Growth { n_lines: 3_000, complete: false }, Duration::from_secs(1)).await;
    let mut line = 0;
    while line < 3_000 {
        let piece = follower.recent(line).unwrap();
        assert_eq!(piece.first, line);
        assert!(piece.frame.len() < 32 << 10);
        line += piece.n_lines;
    }
    assert_eq!(line, 3_000);
}
