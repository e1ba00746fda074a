-- The state of the installation: Buildbot 4.3's data model with our ids, times in microseconds (*_us), and fenced
-- claims. Logs' text is in a file of its own (migrations/logs_sqlite).

CREATE TABLE masters (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    active SMALLINT NOT NULL DEFAULT 0,
    last_active_us BIGINT NOT NULL,
    epoch BIGINT NOT NULL DEFAULT 0,
    lease_until_us BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE builders (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    tags TEXT NOT NULL DEFAULT '[]',
    active SMALLINT NOT NULL DEFAULT 0,
    last_build_number BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE builder_masters (
    builder_id BIGINT NOT NULL REFERENCES builders (id),
    master_id BIGINT NOT NULL REFERENCES masters (id),
    PRIMARY KEY (builder_id, master_id)
);

CREATE TABLE workers (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    info TEXT NOT NULL DEFAULT '{}',
    connected SMALLINT NOT NULL DEFAULT 0,
    paused SMALLINT NOT NULL DEFAULT 0,
    pause_reason TEXT,
    graceful SMALLINT NOT NULL DEFAULT 0,
    active SMALLINT NOT NULL DEFAULT 0
);

CREATE TABLE worker_builders (
    worker_id BIGINT NOT NULL REFERENCES workers (id),
    builder_id BIGINT NOT NULL REFERENCES builders (id),
    PRIMARY KEY (worker_id, builder_id)
);

CREATE TABLE schedulers (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    enabled SMALLINT NOT NULL DEFAULT 1,
    active SMALLINT NOT NULL DEFAULT 0,
    -- changes up to this id have been classified
    last_change_id BIGINT NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT '{}'
);

CREATE TABLE change_sources (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    active SMALLINT NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT '{}'
);

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    identifier TEXT NOT NULL UNIQUE
);

CREATE TABLE patches (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    body BLOB NOT NULL,
    level INTEGER NOT NULL,
    subdir TEXT NOT NULL,
    author TEXT NOT NULL,
    comment TEXT NOT NULL
);

CREATE TABLE source_stamps (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    -- sha256 of all fields that make two stamps the same
    digest TEXT NOT NULL UNIQUE,
    codebase TEXT NOT NULL,
    repository TEXT NOT NULL,
    project TEXT NOT NULL,
    branch TEXT,
    revision TEXT,
    patch_id BIGINT REFERENCES patches (id),
    created_at_us BIGINT NOT NULL
);

CREATE TABLE changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    source_stamp_id BIGINT NOT NULL REFERENCES source_stamps (id),
    parent_change_id BIGINT,
    author TEXT NOT NULL,
    committer TEXT,
    comments TEXT NOT NULL,
    files TEXT NOT NULL,
    revision TEXT,
    branch TEXT,
    category TEXT,
    revlink TEXT,
    repository TEXT NOT NULL,
    project TEXT NOT NULL,
    codebase TEXT NOT NULL,
    properties TEXT NOT NULL,
    when_us BIGINT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    -- who delivered it and under which key; a second delivery of the same pair is not stored
    source TEXT NOT NULL,
    delivery_key TEXT,
    UNIQUE (source, delivery_key)
);
CREATE INDEX changes_by_stamp ON changes (source_stamp_id);

-- Changes that a scheduler has looked at and that wait for its tree-stable timer.
CREATE TABLE scheduler_changes (
    scheduler_id BIGINT NOT NULL REFERENCES schedulers (id),
    change_id BIGINT NOT NULL REFERENCES changes (id),
    important SMALLINT NOT NULL,
    -- when it was classified; the tree-stable timer counts from the newest
    classified_at_us BIGINT NOT NULL,
    PRIMARY KEY (scheduler_id, change_id)
);

CREATE TABLE buildsets (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    scheduler TEXT NOT NULL,
    external_id TEXT,
    reason TEXT NOT NULL,
    submitted_at_us BIGINT NOT NULL,
    complete_at_us BIGINT,
    results INTEGER,
    parent_build_id BIGINT,
    parent_relationship TEXT,
    rebuilt_build_id BIGINT
);
CREATE INDEX buildsets_open ON buildsets (id) WHERE complete_at_us IS NULL;

CREATE TABLE buildset_properties (
    buildset_id BIGINT NOT NULL REFERENCES buildsets (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (buildset_id, name)
);

CREATE TABLE buildset_stamps (
    buildset_id BIGINT NOT NULL REFERENCES buildsets (id),
    source_stamp_id BIGINT NOT NULL REFERENCES source_stamps (id),
    PRIMARY KEY (buildset_id, source_stamp_id)
);

CREATE TABLE buildset_changes (
    buildset_id BIGINT NOT NULL REFERENCES buildsets (id),
    change_id BIGINT NOT NULL REFERENCES changes (id),
    PRIMARY KEY (buildset_id, change_id)
);
CREATE INDEX buildset_changes_by_change ON buildset_changes (change_id);

CREATE TABLE build_requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    buildset_id BIGINT NOT NULL REFERENCES buildsets (id),
    builder_id BIGINT NOT NULL REFERENCES builders (id),
    priority INTEGER NOT NULL DEFAULT 0,
    submitted_at_us BIGINT NOT NULL,
    waited_for SMALLINT NOT NULL DEFAULT 0,
    -- the claim is valid only while (master, epoch) is
    claimed_by BIGINT REFERENCES masters (id),
    claimed_epoch BIGINT,
    claimed_at_us BIGINT,
    complete_at_us BIGINT,
    results INTEGER,
    worker_losses INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX build_requests_open ON build_requests (builder_id, id) WHERE complete_at_us IS NULL;
CREATE INDEX build_requests_by_buildset ON build_requests (buildset_id);
CREATE INDEX build_requests_by_claim ON build_requests (claimed_by) WHERE complete_at_us IS NULL;

CREATE TABLE builds (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    number BIGINT NOT NULL,
    builder_id BIGINT NOT NULL REFERENCES builders (id),
    request_id BIGINT NOT NULL REFERENCES build_requests (id),
    worker_id BIGINT NOT NULL REFERENCES workers (id),
    master_id BIGINT NOT NULL REFERENCES masters (id),
    epoch BIGINT NOT NULL,
    started_at_us BIGINT NOT NULL,
    complete_at_us BIGINT,
    results INTEGER,
    state_string TEXT NOT NULL,
    locks_duration_s BIGINT NOT NULL DEFAULT 0,
    UNIQUE (builder_id, number)
);
CREATE INDEX builds_by_request ON builds (request_id);
CREATE INDEX builds_by_worker ON builds (worker_id, id);
CREATE INDEX builds_running ON builds (id) WHERE complete_at_us IS NULL;

-- All requests that a build serves, the first included.
CREATE TABLE build_build_requests (
    build_id BIGINT NOT NULL REFERENCES builds (id),
    request_id BIGINT NOT NULL REFERENCES build_requests (id),
    PRIMARY KEY (build_id, request_id)
);
CREATE INDEX build_build_requests_by_request ON build_build_requests (request_id);

CREATE TABLE build_properties (
    build_id BIGINT NOT NULL REFERENCES builds (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (build_id, name)
);

CREATE TABLE steps (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    build_id BIGINT NOT NULL REFERENCES builds (id),
    started_at_us BIGINT,
    locks_acquired_at_us BIGINT,
    complete_at_us BIGINT,
    results INTEGER,
    state_string TEXT NOT NULL,
    urls TEXT NOT NULL DEFAULT '[]',
    hidden SMALLINT NOT NULL DEFAULT 0,
    UNIQUE (build_id, number),
    UNIQUE (build_id, name)
);

CREATE TABLE logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    step_id BIGINT NOT NULL REFERENCES steps (id),
    name TEXT NOT NULL,
    slug TEXT NOT NULL,
    kind TEXT NOT NULL,
    complete SMALLINT NOT NULL DEFAULT 0,
    UNIQUE (step_id, slug)
);

-- Blocks of remote command ids: a master reserves a block in one write, so that no id is ever used twice.
CREATE TABLE counters (
    name TEXT PRIMARY KEY NOT NULL,
    next BIGINT NOT NULL
);

CREATE TABLE events (
    master_id BIGINT NOT NULL REFERENCES masters (id),
    seq BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    key TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (master_id, seq)
);
