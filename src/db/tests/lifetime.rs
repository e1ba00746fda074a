//! Nothing stands in the way of what the janitor removes.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;

use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::testing::test_db::TestDb;

#[derive(QueryableByName)]
struct Reference {
    #[diesel(sql_type = Text)]
    reference: String,
}

/// A table that refers to one of those from which rows are removed keeps them from it, unless its rows go along.
#[actix::test]
async fn every_table_that_refers_to_what_is_removed_is_known_to_those_who_remove() {
    let db = TestDb::new(&Clock::simulated(Timestamp::from_secs(1_767_225_600)));
    let found: Vec<Reference> = db
        .db
        .read(|conn| {
            let query = "SELECT DISTINCT m.name || ' -> ' || f.\"table\" AS reference \
                 FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' \
                 AND f.\"table\" IN ('builds', 'steps', 'logs', 'build_requests', 'buildsets', 'changes', \
                     'source_stamps', 'patches') \
                 AND f.on_delete <> 'CASCADE' ORDER BY 1";
            Ok(sql_query(query).load(conn)?)
        })
        .await
        .unwrap();
    let found: Vec<String> = found.into_iter().map(|row| row.reference).collect();
    let known = [
        "build_build_requests -> build_requests",
        "build_build_requests -> builds",
        "build_properties -> builds",
        "build_requests -> buildsets",
        "builds -> build_requests",
        "buildset_changes -> buildsets",
        "buildset_changes -> changes",
        "buildset_properties -> buildsets",
        "buildset_stamps -> buildsets",
        "buildset_stamps -> source_stamps",
        "changes -> source_stamps",
        "logs -> steps",
        // A change that is waited with is not removed.
        "scheduler_changes -> changes",
        "source_stamps -> patches",
        "step_progress -> steps",
        "steps -> builds",
    ];
    assert_eq!(found, known, "add ON DELETE CASCADE, or see to it in the transitions that remove");
}
