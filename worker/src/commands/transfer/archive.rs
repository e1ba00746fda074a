//! A directory as a stream of tar, made by a thread and taken in blocks.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Blocks that wait to be taken.
const N_BLOCKS: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Bzip2,
}

/// Archives what is in a directory, not the directory itself. The channel brings blocks of at most this size; the
/// thread ends when nobody takes them.
pub(super) fn stream(
    directory: PathBuf,
    compression: Compression,
    block_size: usize,
) -> (mpsc::Receiver<Vec<u8>>, JoinHandle<io::Result<()>>) {
    let (blocks, taken) = mpsc::channel(N_BLOCKS);
    let out = BufWriter::with_capacity(block_size, Blocks { blocks, block_size });
    let thread = tokio::task::spawn_blocking(move || match compression {
        Compression::None => archive(&directory, out)?.flush(),
        Compression::Gzip => {
            archive(&directory, GzEncoder::new(out, flate2::Compression::default()))?.finish()?.flush()
        }
        Compression::Bzip2 => archive(&directory, BzEncoder::new(out, bzip2::Compression::best()))?.finish()?.flush(),
    });
    (taken, thread)
}

/// Hands over what is written, cut to size.
struct Blocks {
    blocks: mpsc::Sender<Vec<u8>>,
    block_size: usize,
}

impl Write for Blocks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for block in bytes.chunks(self.block_size) {
            self.blocks.blocking_send(block.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn archive<W: Write>(directory: &Path, out: W) -> io::Result<W> {
    let mut builder = tar::Builder::new(out);
    builder.follow_symlinks(false);
    // Masters do not know files with holes in archives: Python's worker never sends them.
    builder.sparse(false);
    add_all(&mut builder, directory, Path::new(""))?;
    builder.into_inner()
}

/// Adds what is in a directory, in the order of the names.
fn add_all(builder: &mut tar::Builder<impl Write>, directory: &Path, name: &Path) -> io::Result<()> {
    let explained =
        |path: &Path, error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let entries: io::Result<Vec<fs::DirEntry>> =
        fs::read_dir(directory).map_err(|error| explained(directory, error))?.collect();
    let mut entries = entries.map_err(|error| explained(directory, error))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), name.join(entry.file_name()));
        let kind = entry.file_type().map_err(|error| explained(&path, error))?;
        if kind.is_dir() {
            builder.append_dir(&name, &path).map_err(|error| explained(&path, error))?;
            add_all(builder, &path, &name)?;
        } else if kind.is_file() || kind.is_symlink() {
            builder.append_path_with_name(&path, &name).map_err(|error| explained(&path, error))?;
        }
        // Sockets, pipes and devices are no results of a build.
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixListener;

    use super::*;

    async fn unpacked(compression: Compression, block_size: usize) -> Vec<String> {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir(base.path().join("sub")).unwrap();
        fs::write(base.path().join("sub/file"), "x".repeat(100_000)).unwrap();
        fs::write(base.path().join("a".repeat(150)), "long").unwrap();
        std::os::unix::fs::symlink("sub/file", base.path().join("link")).unwrap();
        let _socket = UnixListener::bind(base.path().join("socket")).unwrap();
        let (mut blocks, thread) = stream(base.path().to_owned(), compression, block_size);
        let mut bytes = Vec::new();
        while let Some(block) = blocks.recv().await {
            assert!(block.len() <= block_size);
            bytes.extend(block);
        }
        thread.await.unwrap().unwrap();
        let plain: Box<dyn Read> = match compression {
            Compression::None => Box::new(bytes.as_slice()),
            Compression::Gzip => Box::new(flate2::read::GzDecoder::new(bytes.as_slice())),
            Compression::Bzip2 => Box::new(bzip2::read::BzDecoder::new(bytes.as_slice())),
        };
        let mut archive = tar::Archive::new(plain);
        let describe = |entry: io::Result<tar::Entry<'_, _>>| {
            let entry = entry.unwrap();
            let target = entry.link_name().unwrap().map(|path| path.display().to_string()).unwrap_or_default();
            format!("{} {} {target}", entry.path().unwrap().display(), entry.size())
        };
        archive.entries().unwrap().map(describe).collect()
    }

    #[tokio::test]
    async fn an_archive_holds_directories_files_and_links_by_their_names_within() {
        let long = format!("{} 4 ", "a".repeat(150));
        let expected = [long.as_str(), "link 0 sub/file", "sub 0 ", "sub/file 100000 "];
        for compression in [Compression::None, Compression::Gzip, Compression::Bzip2] {
            assert_eq!(unpacked(compression, 7_777).await, expected, "{compression:?}");
        }
    }

    #[tokio::test]
    async fn a_directory_that_is_not_there_is_an_error_with_its_name() {
        let (mut blocks, thread) = stream(PathBuf::from("/no/such/place"), Compression::None, 100);
        while blocks.recv().await.is_some() {}
        assert!(thread.await.unwrap().unwrap_err().to_string().starts_with("/no/such/place: "));
    }

    #[tokio::test]
    async fn a_file_with_holes_is_an_ordinary_file() {
        let base = tempfile::tempdir().unwrap();
        fs::File::create(base.path().join("holes")).unwrap().set_len(1 << 20).unwrap();
        let (mut blocks, thread) = stream(base.path().to_owned(), Compression::None, 4096);
        let mut bytes = Vec::new();
        while let Some(block) = blocks.recv().await {
            bytes.extend(block);
        }
        thread.await.unwrap().unwrap();
        let mut archive = tar::Archive::new(bytes.as_slice());
        let entry = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!((entry.header().entry_type(), entry.size()), (tar::EntryType::Regular, 1 << 20));
    }

    #[tokio::test]
    async fn nobody_takes_the_blocks_and_the_thread_ends() {
        let base = tempfile::tempdir().unwrap();
        fs::write(base.path().join("file"), "x".repeat(100_000)).unwrap();
        let (blocks, thread) = stream(base.path().to_owned(), Compression::None, 100);
        drop(blocks);
        assert_eq!(thread.await.unwrap().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
