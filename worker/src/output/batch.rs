//! Updates on their way: joined until a buffer is full.

use buildbot_protocol::{Lines, Update};

/// What one update counts besides its text.
const PLAIN_SIZE: usize = 20;
/// A line counts its position and its time.
const LINE_SIZE: usize = 16;

/// The buffer of one command.
#[derive(Debug, Default)]
pub struct Batch {
    updates: Vec<Update>,
    size: usize,
    limit: usize,
}

impl Batch {
    /// `limit` is the master's `buffer_size`.
    pub fn new(limit: usize) -> Self {
        Self { updates: Vec::new(), size: 0, limit: limit.max(1) }
    }

    pub fn is_empty(&self) -> bool {
        self.updates.is_empty()
    }

    /// Adds an update; full buffers come back, to be sent in order.
    #[must_use]
    pub fn push(&mut self, update: Update) -> Vec<Vec<Update>> {
        let mut full = Vec::new();
        for piece in pieces(update, self.limit) {
            let size = size_of(&piece);
            if !self.updates.is_empty() && self.limit < self.size.saturating_add(size) {
                full.push(self.take());
            }
            self.size = self.size.saturating_add(size);
            let rest = match self.updates.last_mut() {
                Some(last) => join(last, piece),
                None => Some(piece),
            };
            self.updates.extend(rest);
        }
        full
    }

    /// Empties the buffer.
    pub fn take(&mut self) -> Vec<Update> {
        self.size = 0;
        std::mem::take(&mut self.updates)
    }
}

fn size_of(update: &Update) -> usize {
    lines_of(update).map_or(PLAIN_SIZE, |lines| lines.text.len().saturating_add(lines.times.len() * LINE_SIZE))
}

fn lines_of(update: &Update) -> Option<&Lines> {
    match update {
        Update::Stdout(lines) | Update::Stderr(lines) | Update::Header(lines) | Update::Log { lines, .. } => {
            Some(lines)
        }
        _ => None,
    }
}

/// Appends to an update of the same stream; gives back what does not fit together.
fn join(last: &mut Update, next: Update) -> Option<Update> {
    let (into, lines) = match (last, next) {
        (Update::Stdout(into), Update::Stdout(lines))
        | (Update::Stderr(into), Update::Stderr(lines))
        | (Update::Header(into), Update::Header(lines)) => (into, lines),
        (Update::Log { name: own, lines: into }, Update::Log { name, lines }) if *own == name => (into, lines),
        (_, next) => return Some(next),
    };
    into.text.push_str(&lines.text);
    into.times.extend(lines.times);
    None
}

/// Cuts an update that is larger than a whole buffer, along line ends.
fn pieces(update: Update, limit: usize) -> Vec<Update> {
    if size_of(&update) <= limit {
        return vec![update];
    }
    let Some(lines) = lines_of(&update) else { return vec![update] };
    let mut pieces = Vec::new();
    let mut piece = Lines::default();
    let mut size = 0_usize;
    for (line, time) in lines.text.split_inclusive('\n').zip(&lines.times) {
        let line_size = line.len().saturating_add(LINE_SIZE);
        if !piece.text.is_empty() && limit < size.saturating_add(line_size) {
            pieces.push(with_lines(&update, std::mem::take(&mut piece)));
            size = 0;
        }
        piece.text.push_str(line);
        piece.times.push(*time);
        size = size.saturating_add(line_size);
    }
    pieces.push(with_lines(&update, piece));
    pieces
}

/// An update of the same stream with other lines.
fn with_lines(update: &Update, lines: Lines) -> Update {
    match update {
        Update::Stderr(_) => Update::Stderr(lines),
        Update::Header(_) => Update::Header(lines),
        Update::Log { name, .. } => Update::Log { name: name.clone(), lines },
        _ => Update::Stdout(lines),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stdout(text: &str) -> Update {
        Update::Stdout(Lines { text: text.to_owned(), times: text.lines().map(|_| 1.0).collect() })
    }

    #[test]
    fn neighbours_of_one_stream_are_joined_and_others_keep_their_order() {
        let mut batch = Batch::new(65_536);
        for update in [stdout("a\n"), stdout("b\n"), Update::Rc(0), stdout("c\n")] {
            assert!(batch.push(update).is_empty());
        }
        assert_eq!(batch.take(), [stdout("a\nb\n"), Update::Rc(0), stdout("c\n")]);
        assert!(batch.is_empty());
    }

    #[test]
    fn what_does_not_fit_sends_the_buffer_first() {
        let mut batch = Batch::new(50);
        assert!(batch.push(stdout("aaaaaaaaaaaaaaaaaaaa\n")).is_empty());
        assert_eq!(batch.push(stdout("bbbbbbbbbbbbbbbbbbbb\n")), [vec![stdout("aaaaaaaaaaaaaaaaaaaa\n")]]);
    }

    #[test]
    fn an_update_larger_than_the_buffer_is_cut_at_line_ends_without_loss() {
        let mut batch = Batch::new(100);
        let text: String = (0..20).map(|number| format!("line {number}\n")).collect();
        let mut sent = batch.push(stdout(&text));
        sent.push(batch.take());
        assert!(sent.iter().flatten().all(|update| size_of(update) <= 100));
        let joined: String = sent.iter().flatten().filter_map(lines_of).map(|lines| lines.text.as_str()).collect();
        assert_eq!(joined, text);
    }
}
