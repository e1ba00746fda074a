-- What steps leave with their build: of any form, for people and programs that ask for it by name.

CREATE TABLE build_data (
    build_id BIGINT NOT NULL REFERENCES builds (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    length BIGINT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (build_id, name)
);
