//! The tables of `logs.sqlite`.

diesel::table! {
    log_chunks (log_id, seq) {
        log_id -> BigInt,
        seq -> BigInt,
        first_line -> BigInt,
        n_lines -> BigInt,
        first_byte -> BigInt,
        n_bytes -> BigInt,
        first_at_us -> BigInt,
        last_at_us -> BigInt,
        ansi -> Text,
        body -> Binary,
    }
}
