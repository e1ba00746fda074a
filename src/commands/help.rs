//! What the table says to people.

use super::table::{self, Place, Row};

/// What `commands` answers.
pub fn commands(place: Place) -> Vec<String> {
    let here = |row: &&Row| row.shown && (place == Place::Chats || row.place == Place::Everywhere);
    let names: Vec<&str> = table::TABLE.iter().filter(here).map(|row| row.name).collect();
    vec![format!("commands: {}", names.join(", ")), "'help COMMAND' says more about one".to_owned()]
}

/// What `help` answers.
pub fn help(command: Option<&str>, place: Place) -> Vec<String> {
    let Some(name) = command else { return commands(place) };
    match table::find(name) {
        None => vec![format!("there is no command '{name}'; try 'commands'")],
        Some(row) => {
            let first = format!("{}: {}", row.usage(), row.summary);
            std::iter::once(first).chain((!row.more.is_empty()).then(|| row.more.to_owned())).collect()
        }
    }
}

/// The table as the manual has it, in Markdown.
pub fn manual() -> String {
    let mut text = "| command | what it does | who may |\n|---|---|---|\n".to_owned();
    for row in table::TABLE.iter().filter(|row| row.shown) {
        let more = if row.more.is_empty() { String::new() } else { format!(". {}", row.more) };
        let usage = row.usage().replace('|', "\\|");
        let who = match (row.danger, row.place) {
            (table::Danger::Harmless, Place::Everywhere) => "everybody",
            (table::Danger::Harmless, Place::Chats) => "everybody; in chats",
            (table::Danger::Dangerous, Place::Everywhere) => "whom `authz` names",
            (table::Danger::Dangerous, Place::Chats) => "whom `authz` names; in chats",
        };
        text.push_str(&format!("| `{usage}` | {}{more} | {who} |\n", row.summary));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_offered_what_is_about_chats() {
        let chat = commands(Place::Chats).join(" ");
        let terminal = commands(Place::Everywhere).join(" ");
        assert!(chat.contains("mute") && !terminal.contains("mute"));
        assert!(terminal.contains("force") && !chat.contains("dance"));
    }

    #[test]
    fn the_manual_has_the_table() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/manual/src/chats.md");
        let text = std::fs::read_to_string(&path).unwrap();
        let (head, rest) = text.split_once("prints it anew. -->\n\n").unwrap();
        let (_, tail) = rest.split_once("<!-- the end of the table -->").unwrap();
        let expected = format!("{head}prints it anew. -->\n\n{}\n<!-- the end of the table -->{tail}", manual());
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            std::fs::write(&path, &expected).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap();
        assert!(found == expected, "{} is not what the table says", path.display());
    }

    #[test]
    fn help_has_the_usage() {
        assert_eq!(help(Some("LAST"), Place::Chats), ["last [BUILDER|all]: how the last build of builders ended"]);
        assert!(help(Some("notify"), Place::Chats)[1].contains("successToFailure"));
        assert_eq!(help(Some("x"), Place::Chats), ["there is no command 'x'; try 'commands'"]);
    }
}
