-- Workers that are not attached: since when, and when somebody was told.

CREATE TABLE worker_absences (
    worker_id BIGINT PRIMARY KEY NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
    since_us BIGINT NOT NULL,
    told_at_us BIGINT
);
