//! Uploads and downloads as a worker drives them, and archives that no honest worker makes.

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use tar::{EntryType, Header};
use tempfile::TempDir;

use super::*;
use crate::domain::{Compression, StoreDirectory, StoreFile};

const LIMITS: Limits = Limits { bytes: 1 << 20, entries: 50, growth: 100 };

/// One entry of an archive, with any name.
fn entry(name: &[u8], kind: EntryType, mode: u32, content: &[u8]) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_mtime(1_000_000);
    header.set_size(content.len().try_into().unwrap());
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn file(name: &str, content: &str) -> Vec<u8> {
    entry(name.as_bytes(), EntryType::Regular, 0o644, content.as_bytes())
}

fn directory(name: &str) -> Vec<u8> {
    entry(name.as_bytes(), EntryType::Directory, 0o755, b"")
}

fn archive(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = entries.concat();
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

struct Upload {
    base: TempDir,
    max_bytes: Option<u64>,
    compression: Compression,
}

impl Upload {
    fn new() -> Self {
        Self { base: TempDir::new().unwrap(), max_bytes: None, compression: Compression::None }
    }

    async fn open(&self) -> Arc<MasterTransfer> {
        let wanted =
            StoreDirectory { path: "public/docs".to_owned(), max_bytes: self.max_bytes, compression: self.compression };
        let file = MasterFile::StoreDirectory(wanted);
        MasterTransfer::open(self.base.path().to_owned(), file, LIMITS).await.unwrap()
    }

    /// Sends an archive by small blocks, as a worker does, up to the first error.
    async fn send(&self, archive: &[u8]) -> Result<(), String> {
        let transfer = self.open().await;
        let sent = async {
            for block in archive.chunks(1000) {
                transfer.step(TransferStep::WriteDirectory(block.to_vec())).await?;
            }
            transfer.step(TransferStep::Unpack).await
        };
        if let Err(error) = sent.await {
            assert_eq!(transfer.problem(), Some(error.clone()));
            transfer.commit().await.unwrap();
            assert!(!self.path("public/docs").exists(), "something is there in spite of: {error}");
            assert_eq!(fs::read_dir(self.path("public")).unwrap().count(), 0, "something was left behind");
            return Err(error);
        }
        transfer.commit().await.map_err(|error| error.to_string())
    }

    fn path(&self, relative: &str) -> std::path::PathBuf {
        self.base.path().join(relative)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path("public/docs").join(name)).unwrap()
    }
}

/// That this archive is refused, with these words.
async fn refused(entries: &[Vec<u8>], words: &str) {
    let error = Upload::new().send(&archive(entries)).await.unwrap_err();
    assert!(error.contains(words), "{error:?} does not say {words:?}");
}

#[tokio::test]
async fn a_directory_arrives_with_contents_modes_and_times() {
    let upload = Upload::new();
    let script = entry(b"sub/run.sh", EntryType::Regular, 0o777, b"#!/bin/sh\n");
    let entries = [directory("/"), file("a.txt", "a"), directory("sub/"), script, file("sub/deep/b", "b")];
    upload.send(&archive(&entries)).await.unwrap();
    assert_eq!((upload.text("a.txt"), upload.text("sub/deep/b")), ("a".to_owned(), "b".to_owned()));
    let metadata = fs::metadata(upload.path("public/docs/sub/run.sh")).unwrap();
    assert_eq!((metadata.mode() & 0o7777, metadata.mtime()), (0o755, 1_000_000), "others may not write");
    assert_eq!(fs::read_dir(upload.path("public")).unwrap().count(), 1);
}

#[tokio::test]
async fn compressed_archives_arrive_too() {
    let bytes = archive(&[file("a.txt", &"a".repeat(5000))]);
    for (compression, bytes) in [(Compression::Gzip, gzip(&bytes)), (Compression::Bzip2, bzip2(&bytes))] {
        let upload = Upload { compression, ..Upload::new() };
        upload.send(&bytes).await.unwrap();
        assert_eq!(upload.text("a.txt").len(), 5000);
    }
}

#[tokio::test]
async fn long_names_in_both_dialects_of_tar_arrive() {
    let upload = Upload::new();
    let name = format!("{}/{}", "d".repeat(120), "f".repeat(130));
    let other = format!("{}/x", "g".repeat(200));
    let record = format!(" path={name}\n");
    let length = record.len() + 3;
    let pax = entry(b"././@PaxHeader", EntryType::XHeader, 0o644, format!("{length}{record}").as_bytes());
    let gnu = entry(b"././@LongLink", EntryType::GNULongName, 0o644, format!("{other}\0").as_bytes());
    let entries = [pax, file("short", "by pax"), gnu, file("short", "by gnu")];
    upload.send(&archive(&entries)).await.unwrap();
    assert_eq!((upload.text(&name), upload.text(&other)), ("by pax".to_owned(), "by gnu".to_owned()));
}

#[tokio::test]
async fn names_that_lead_out_of_the_directory_are_refused() {
    let words = "leads out of the directory";
    refused(&[file("../evil", "x")], words).await;
    refused(&[file("a/../../evil", "x")], words).await;
    refused(&[directory("../evil/")], words).await;
    let record = " path=../evil\n";
    let pax = entry(b"x", EntryType::XHeader, 0o644, format!("{}{record}", record.len() + 2).as_bytes());
    refused(&[pax, file("harmless", "x")], words).await;
    let gnu = entry(b"x", EntryType::GNULongName, 0o644, b"../evil\0");
    refused(&[gnu, file("harmless", "x")], words).await;
}

#[tokio::test]
async fn absolute_names_are_refused() {
    refused(&[file("/tmp/evil", "x")], "its name is absolute").await;
    refused(&[directory("/tmp/evil/")], "its name is absolute").await;
}

#[tokio::test]
async fn links_devices_and_pipes_are_refused() {
    for (kind, words) in [
        (EntryType::Symlink, "a symbolic link"),
        (EntryType::Link, "a hard link"),
        (EntryType::Char, "a device"),
        (EntryType::Block, "a device"),
        (EntryType::Fifo, "a named pipe"),
        (EntryType::GNUSparse, "neither a file nor a directory"),
        (EntryType::new(b'?'), "neither a file nor a directory"),
    ] {
        refused(&[file("good", "x"), entry(b"evil", kind, 0o644, b"")], words).await;
    }
}

#[tokio::test]
async fn programs_with_the_rights_of_others_are_refused() {
    for mode in [0o4755, 0o2755, 0o6755] {
        refused(&[entry(b"evil", EntryType::Regular, mode, b"x")], "the rights of its owner").await;
    }
}

#[tokio::test]
async fn a_name_that_comes_twice_is_refused() {
    refused(&[file("a", "1"), file("a", "2")], "it cannot be made").await;
    refused(&[file("a", "1"), file("a/b", "2")], "it cannot be made").await;
}

#[tokio::test]
async fn too_many_entries_are_refused() {
    let entries: Vec<_> = (0..51).map(|n| directory(&format!("d{n}"))).collect();
    refused(&entries, "more than 50 entries").await;
    let headers: Vec<_> = (0..151).map(|_| entry(b"x", EntryType::XHeader, 0o644, b"")).collect();
    refused(&headers, "more than 50 entries").await;
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_before_it_is_written() {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[..1].copy_from_slice(b"a");
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_size(1 << 40);
    header.set_cksum();
    refused(&[header.as_bytes().to_vec()], "unpacks to more than 1048576 bytes").await;
}

#[tokio::test]
async fn bombs_are_refused() {
    let large = archive(&[file("a", &"0".repeat(600_000)), file("b", &"0".repeat(600_000))]);
    for (compression, bytes) in [(Compression::Gzip, gzip(&large)), (Compression::Bzip2, bzip2(&large))] {
        assert!(bytes.len() < 10_000);
        let upload = Upload { compression, ..Upload::new() };
        assert!(upload.send(&bytes).await.unwrap_err().contains("unpacks to more than 1048576 bytes"));
        let upload = Upload { compression, max_bytes: Some(10_000), ..Upload::new() };
        assert!(upload.send(&bytes).await.unwrap_err().contains("unpacks to more than 1000000 bytes"));
    }
}

#[tokio::test]
async fn headers_of_any_length_are_refused() {
    for kind in [EntryType::XHeader, EntryType::GNULongName, EntryType::XGlobalHeader, EntryType::GNULongLink] {
        refused(&[entry(b"x", kind, 0o644, &vec![b'y'; 70_000])], "a header of 70000 bytes").await;
    }
}

#[tokio::test]
async fn an_archive_that_is_cut_off_is_refused_wherever_that_is() {
    let whole = archive(&[directory("d"), file("a", &"x".repeat(700))]);
    for n in (0..512 * 4).step_by(100) {
        let error = Upload::new().send(&whole[..n]).await.unwrap_err();
        assert_eq!(error, "the archive is cut off", "of {n} bytes");
    }
    let upload = Upload { compression: Compression::Gzip, ..Upload::new() };
    let compressed = gzip(&whole);
    upload.send(&compressed[..compressed.len() / 2]).await.unwrap_err();
    assert!(Upload::new().send(&[b'x'; 2048]).await.unwrap_err().contains("wrong checksum"));
}

#[tokio::test]
async fn a_stream_longer_than_the_step_allows_is_refused() {
    let upload = Upload { max_bytes: Some(1500), ..Upload::new() };
    let error = upload.send(&archive(&[file("a", "x")])).await.unwrap_err();
    assert_eq!(error, "the worker sent more than 1500 bytes");
}

#[tokio::test]
async fn a_directory_that_is_not_committed_leaves_nothing() {
    let upload = Upload::new();
    let transfer = upload.open().await;
    transfer.step(TransferStep::WriteDirectory(archive(&[file("a", "x")]))).await.unwrap();
    transfer.step(TransferStep::Unpack).await.unwrap();
    assert!(!upload.path("public/docs").exists());
    drop(transfer);
    // The thread that removes it takes its turn when this one gives it up.
    while fs::read_dir(upload.path("public")).unwrap().count() != 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_upload_replaces_files_of_an_earlier_one() {
    let upload = Upload::new();
    upload.send(&archive(&[file("a", "1"), file("kept", "1")])).await.unwrap();
    upload.send(&archive(&[file("a", "2"), file("new/b", "2")])).await.unwrap();
    assert_eq!([upload.text("a"), upload.text("kept"), upload.text("new/b")], ["2", "1", "2"]);
    assert_eq!(fs::read_dir(upload.path("public/docs")).unwrap().count(), 3, "nothing temporary is left");
}

async fn transfer(base: &Path, file: MasterFile) -> Arc<MasterTransfer> {
    MasterTransfer::open(base.to_owned(), file, LIMITS).await.unwrap()
}

#[tokio::test]
async fn a_file_is_sent_by_blocks() {
    let base = TempDir::new().unwrap();
    fs::write(base.path().join("data"), "0123456789").unwrap();
    for file in [MasterFile::Send("data".to_owned()), MasterFile::SendBytes(b"0123456789".to_vec())] {
        let transfer = transfer(base.path(), file).await;
        let mut blocks = Vec::new();
        for _ in 0..4 {
            blocks.push(transfer.step(TransferStep::Read { length: 4 }).await.unwrap());
        }
        assert_eq!(blocks, [b"0123".to_vec(), b"4567".to_vec(), b"89".to_vec(), Vec::new()]);
        transfer.step(TransferStep::CloseRead).await.unwrap();
        assert_eq!(transfer.problem(), None);
    }
}

#[tokio::test]
async fn what_is_not_a_file_cannot_be_fetched() {
    let base = TempDir::new().unwrap();
    nix::unistd::mkfifo(&base.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    for path in ["missing", "pipe", "."] {
        let opened = MasterTransfer::open(base.path().to_owned(), MasterFile::Send(path.to_owned()), LIMITS).await;
        assert!(matches!(opened.err(), Some(TransferError::NotAvailable(name)) if name == path));
    }
}

#[tokio::test]
async fn steps_that_belong_to_another_command_are_refused() {
    let base = TempDir::new().unwrap();
    let store = StoreFile { path: "file".to_owned(), max_bytes: None, mode: None };
    let upload = transfer(base.path(), MasterFile::StoreFile(store)).await;
    upload.step(TransferStep::Read { length: 4 }).await.unwrap_err();
    assert!(upload.step(TransferStep::WriteFile(b"x".to_vec())).await.is_err(), "the transfer is over");
    upload.step(TransferStep::CloseFile).await.unwrap();
    upload.commit().await.unwrap();
    assert!(!base.path().join("file").exists());
}

#[test]
fn archives_with_any_damage_end_and_stay_in_their_directory() {
    let mut random = fastrand::Rng::with_seed(1);
    let pax = entry(b"x", EntryType::XHeader, 0o644, b"12 path=a/b\n");
    let whole = archive(&[directory("/"), pax, file("a", "1"), directory("d/"), file("d/b", &"2".repeat(700))]);
    let mut n_accepted = 0;
    for _ in 0..300 {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("root")).unwrap();
        let mut damaged = whole.clone();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..damaged.len());
            damaged[at] = *random.choice(b"/. 07\x00xLgKa12~").unwrap();
        }
        mend_checksums(&mut damaged);
        let root = cap_std::fs::Dir::open_ambient_dir(dir.path().join("root"), cap_std::ambient_authority()).unwrap();
        let mut archive = archive::Archive::new(damaged.as_slice(), 1 << 16, 50);
        n_accepted += u32::from(unpack::unpack(&mut archive, &root, &AtomicBool::new(false)).is_ok());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
    assert!((15..295).contains(&n_accepted), "{n_accepted} of 300 tell nothing");
}

/// Damage is of use only where a reader goes on.
fn mend_checksums(archive: &mut [u8]) {
    for block in archive.chunks_exact_mut(512).filter(|block| block[..148].iter().any(|byte| *byte != 0)) {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}
