//! Captured connections of Perspective Broker, and expressions taken from them.

use std::path::Path;

pub const CAPTURES: [&str; 15] = [
    "pb-sendchange-wrong-password.txt",
    "pb-sendchange.txt",
    "pb-try-builder-names.txt",
    "pb-try-no-such-builder.txt",
    "pb-try-wait.txt",
    "pb-user-commandline.txt",
    "pb-worker-full.txt",
    "pb-worker-interrupt-shutdown.txt",
    "pb-worker-min.txt",
    "pb-worker-old-0.8.14.txt",
    "pb-worker-old-1.8.2.txt",
    "pb-worker-old-2.10.5.txt",
    "pb-worker-old-3.11.9.txt",
    "pb-worker-old-3.5.0.txt",
    "pb-worker-wrong-password.txt",
];

/// One read of the network.
#[derive(Clone, Debug)]
pub struct Read {
    pub connection: u32,
    pub from_server: bool,
    pub bytes: Vec<u8>,
}

pub fn lines(name: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    let text = std::fs::read_to_string(path).expect("the capture is there");
    text.lines().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

pub fn load(name: &str) -> Vec<Read> {
    let read = |words: Vec<String>| Read {
        connection: words[0].parse().expect("a connection number"),
        from_server: words[1] == "S>C",
        bytes: from_hex(&words[2]),
    };
    lines(name).into_iter().map(read).collect()
}

pub fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal")).collect()
}

/// Everything one side of a connection said, dialect and all.
pub fn side(reads: &[Read], connection: u32, from_server: bool) -> Vec<u8> {
    let is_it = |read: &&Read| read.connection == connection && read.from_server == from_server;
    reads.iter().filter(is_it).flat_map(|read| read.bytes.clone()).collect()
}
