-- Who is told about builds: how far each reporter has read what happened, and what it has to send.

CREATE TABLE reporter_cursors (
    reporter TEXT NOT NULL,
    master_id BIGINT NOT NULL REFERENCES masters (id),
    -- the last event of that master that it has dealt with
    seq BIGINT NOT NULL,
    PRIMARY KEY (reporter, master_id)
);

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    reporter TEXT NOT NULL,
    -- what it tells of: 'builds/7/finished'
    event_key TEXT NOT NULL,
    -- deliveries of one queue are sent in their order: 'builds/7'
    queue TEXT NOT NULL,
    title TEXT NOT NULL,
    -- who has not got it yet, a line each
    recipients TEXT NOT NULL,
    -- all that it was made for, a line each
    addressed_to TEXT NOT NULL,
    body BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'refused')),
    attempts INTEGER NOT NULL,
    created_at_us BIGINT NOT NULL,
    -- not tried before
    due_at_us BIGINT NOT NULL,
    ended_at_us BIGINT,
    -- what the other side said last
    detail TEXT NOT NULL
);

CREATE INDEX deliveries_by_reporter ON deliveries (reporter, id);
CREATE INDEX deliveries_waiting ON deliveries (reporter, queue, id) WHERE state = 'waiting';
