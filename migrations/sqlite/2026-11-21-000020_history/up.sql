-- What earlier builds of a builder took, step by step.

CREATE TABLE learned_steps (
    builder_id BIGINT NOT NULL REFERENCES builders (id),
    name TEXT NOT NULL,
    -- its number in the newest good build that had it
    position INTEGER NOT NULL,
    -- how many of the last good builds had it, from 0 to 1
    presence DOUBLE NOT NULL,
    PRIMARY KEY (builder_id, name)
);

-- By 'time' (seconds), 'output' (bytes of logs) and whatever steps count themselves.
CREATE TABLE learned_metrics (
    builder_id BIGINT NOT NULL REFERENCES builders (id),
    step TEXT NOT NULL,
    metric TEXT NOT NULL,
    value DOUBLE NOT NULL,
    n_samples INTEGER NOT NULL,
    PRIMARY KEY (builder_id, step, metric)
);

-- What steps count themselves, as far as they have come.
CREATE TABLE step_progress (
    step_id BIGINT NOT NULL REFERENCES steps (id),
    metric TEXT NOT NULL,
    value DOUBLE NOT NULL,
    PRIMARY KEY (step_id, metric)
);

-- Every configuration that was in force, with the files it was made of; a file that several versions share is here once.

CREATE TABLE config_versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    applied_at_us BIGINT NOT NULL,
    -- why it came into force: 'start', 'reconfig', 'SIGHUP', 'back to 3'
    cause TEXT NOT NULL,
    -- what it changed, a line each
    changes TEXT NOT NULL
);

CREATE TABLE config_texts (
    -- sha256 of the body
    digest TEXT PRIMARY KEY NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE config_version_files (
    version_id BIGINT NOT NULL REFERENCES config_versions (id),
    name TEXT NOT NULL,
    digest TEXT NOT NULL REFERENCES config_texts (digest),
    PRIMARY KEY (version_id, name)
);
