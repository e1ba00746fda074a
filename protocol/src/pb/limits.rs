//! How much a peer may make us hold.

/// Bounds of one connection.
///
/// A connection holds at most `expression_cost` for the expression it is reading, as much again while that becomes
/// values, the bytes of the last read, and what `references` and `calls` allow at well below a kilobyte each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest byte string, in bytes.
    pub string_bytes: usize,
    /// The longest list, in elements.
    pub list_items: usize,
    /// How deep lists may be nested.
    pub depth: usize,
    /// What one top-level expression may cost in memory, in bytes: its strings and [`Self::ITEM_COST`] for each item.
    pub expression_cost: usize,
    /// Objects of ours that the peer knows, and objects of the peer that we know: so many of each.
    pub references: usize,
    /// Calls of ours that wait for an answer.
    pub calls: usize,
}

impl Limits {
    /// What an item costs besides the bytes in it. A list of one costs four slots of its kind.
    pub const ITEM_COST: usize = 128;

    /// For a peer that has logged in. Strings and lists are what every peer accepts.
    pub const SESSION: Self = Self {
        string_bytes: 640 * 1024,
        list_items: 640 * 1024,
        depth: 64,
        expression_cost: 16 << 20,
        references: 4096,
        calls: 1 << 16,
    };

    /// For a peer that has not: a name and a response are short.
    pub const LOGIN: Self =
        Self { string_bytes: 4096, list_items: 64, depth: 16, expression_cost: 16 << 10, references: 16, calls: 16 };
}
