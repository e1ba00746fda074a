//! Writes a corpus for every target from the captured connections.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = fuzz.join("../protocol/tests/vectors");
    for entry in fs::read_dir(vectors)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if name == "README" || name == "pb-units" {
            continue;
        }
        let targets: &[&str] =
            if name.starts_with("pb-") { &["banana", "jelly", "broker"] } else { &["msgpack", "upgrade"] };
        for (side, bytes) in sides(&fs::read_to_string(&path)?) {
            for target in targets {
                let corpus = fuzz.join("corpus").join(target);
                fs::create_dir_all(&corpus)?;
                fs::write(corpus.join(format!("{name}-{side}")), &bytes)?;
            }
        }
    }
    Ok(())
}

/// What each side of each connection said.
fn sides(text: &str) -> HashMap<String, Vec<u8>> {
    let mut sides: HashMap<String, Vec<u8>> = HashMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [connection, direction, hex] = words[..] else { continue };
        let side = sides.entry(format!("{connection}-{}", direction.replace('>', ""))).or_default();
        side.extend((0..hex.len()).step_by(2).filter_map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()));
    }
    sides
}
