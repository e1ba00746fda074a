//! Columns of text for a terminal.

use super::paint::{Paint, Tone};

/// One cell: text without control characters, and how it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    text: String,
    tone: Option<Tone>,
}

/// Letters of a cell that are shown.
const WIDEST: usize = 60;

impl Cell {
    pub(super) fn plain(text: &str) -> Self {
        Self { text: shortened(&super::paint::harmless(text)), tone: None }
    }

    /// A last cell, which may be as long as it is.
    pub(super) fn long(text: &str) -> Self {
        Self { text: super::paint::harmless(text), tone: None }
    }

    pub(super) fn toned(tone: Tone, text: &str) -> Self {
        Self { tone: Some(tone), ..Self::plain(text) }
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= WIDEST {
        return text.to_owned();
    }
    let kept: String = text.chars().take(WIDEST - 1).collect();
    format!("{kept}…")
}

/// The rows as lines, indented, columns aligned, without spaces at the end.
pub(super) fn lines(paint: Paint, rows: &[Vec<Cell>]) -> Vec<String> {
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..n_columns).map(width).collect();
    let line = |row: &Vec<Cell>| {
        let last = row.iter().rposition(|cell| !cell.text.is_empty());
        let cells = row.iter().zip(&widths).enumerate().take(last.map_or(0, |last| last + 1));
        let shown = cells.map(|(column, (cell, width))| {
            let text = match cell.tone {
                Some(tone) => paint.text(tone, &cell.text),
                None => cell.text.clone(),
            };
            let gap = if Some(column) == last { 0 } else { width - cell.text.chars().count() + 2 };
            format!("{text}{:gap$}", "")
        });
        format!("  {}", shown.collect::<String>()).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_have_no_tail() {
        let rows =
            [vec![Cell::plain("a"), Cell::plain("long"), Cell::plain("")], vec![Cell::plain("bcd"), Cell::plain("x")]];
        assert_eq!(lines(Paint::PLAIN, &rows), ["  a    long", "  bcd  x"]);
    }

    #[test]
    fn a_cell_is_cut_and_made_harmless() {
        let cell = Cell::plain(&format!("\x1b{}", "x".repeat(100)));
        assert_eq!(cell.text.chars().count(), WIDEST);
        assert!(cell.text.starts_with('\u{fffd}') && cell.text.ends_with('…'));
    }
}
