//! The tables of chats.

diesel::table! {
    chat_notices (id) {
        id -> BigInt,
        chat -> Text,
        place -> Text,
        text -> Text,
        happened_at_us -> BigInt,
    }
}

diesel::table! {
    chat_interests (chat, place, kind, subject) {
        chat -> Text,
        place -> Text,
        kind -> Text,
        subject -> Text,
    }
}
