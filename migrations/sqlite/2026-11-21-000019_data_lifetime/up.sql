-- What was removed because nobody needs it any more.

-- When the text of the build's logs was removed; their rows stay, with the kind 'd'.
ALTER TABLE builds ADD COLUMN logs_removed_at_us BIGINT;

-- Logs whose text nobody can reach any more, and is still in the log store.
CREATE TABLE chunks_to_remove (
    log_id BIGINT PRIMARY KEY NOT NULL
);

-- Without these each removed row would cost a look at all rows that could refer to it.
CREATE INDEX buildset_stamps_by_stamp ON buildset_stamps (source_stamp_id);
CREATE INDEX source_stamps_by_patch ON source_stamps (patch_id) WHERE patch_id IS NOT NULL;
CREATE INDEX scheduler_changes_by_change ON scheduler_changes (change_id);
CREATE INDEX events_by_time ON events (at_us);
