-- The text of logs, in compressed chunks. Beside the state database, so that neither waits for the other's writes.

CREATE TABLE log_chunks (
    log_id BIGINT NOT NULL,
    -- 0, 1, 2 ... within the log; a chunk that is sent twice is stored once
    seq BIGINT NOT NULL,
    first_line BIGINT NOT NULL,
    n_lines BIGINT NOT NULL,
    -- offset of its first byte in the uncompressed log, and its uncompressed length
    first_byte BIGINT NOT NULL,
    n_bytes BIGINT NOT NULL,
    first_at_us BIGINT NOT NULL,
    last_at_us BIGINT NOT NULL,
    -- the ANSI state before its first character, so that a reader may begin here
    ansi TEXT NOT NULL,
    -- zstd; every line begins with its stream's letter in logs of kind 's'
    body BLOB NOT NULL,
    PRIMARY KEY (log_id, seq)
) WITHOUT ROWID;
CREATE INDEX log_chunks_by_line ON log_chunks (log_id, first_line);
