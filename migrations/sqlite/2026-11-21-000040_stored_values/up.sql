-- What configurations keep with util.DbConfig: JSON by the name of the store and the name of the value.

CREATE TABLE stored_values (
    store TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    stored_at_us BIGINT NOT NULL,
    PRIMARY KEY (store, name)
) WITHOUT ROWID;
