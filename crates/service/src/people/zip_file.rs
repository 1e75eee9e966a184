//! Writes a ZIP file on a thread that may wait for the disk, piece by piece.

use crate::file_store::FileStore;
use crate::jobs::JobEnd;
use std::io::Write as _;
use tempfile::NamedTempFile;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Pieces that wait for the thread. Further ones wait to be added.
const QUEUE_PIECES: usize = 4;
/// The bytes of a file. A person's data is smaller; what is larger would fill the disk.
const MAX_FILE_BYTES: u64 = 2 * 1024 * 1024 * 1024;

enum Piece {
    Begin(String),
    Bytes(Vec<u8>),
}

/// A ZIP file that is being written.
pub(super) struct ZipFile {
    pieces: mpsc::Sender<Piece>,
    written: JoinHandle<Result<NamedTempFile, String>>,
}

impl ZipFile {
    pub(super) fn begin(files: &FileStore) -> Result<Self, JobEnd> {
        let file = files.new_file()?;
        let (pieces, waiting) = mpsc::channel(QUEUE_PIECES);
        Ok(Self { pieces, written: tokio::task::spawn_blocking(move || write(file, waiting)) })
    }

    /// Begins an entry.
    pub(super) async fn entry(&self, name: &str) -> Result<(), JobEnd> {
        self.add(Piece::Begin(name.to_owned())).await
    }

    /// Adds to the entry.
    pub(super) async fn bytes(&self, bytes: Vec<u8>) -> Result<(), JobEnd> {
        self.add(Piece::Bytes(bytes)).await
    }

    async fn add(&self, piece: Piece) -> Result<(), JobEnd> {
        // The thread ends early with an error alone, which `end` tells.
        self.pieces.send(piece).await.map_err(|_| JobEnd::Failed("the file could not be written".to_owned()))
    }

    /// Ends the file.
    pub(super) async fn end(self) -> Result<NamedTempFile, JobEnd> {
        drop(self.pieces);
        let written = self.written.await.map_err(|_| JobEnd::Failed("the file could not be written".to_owned()))?;
        written.map_err(JobEnd::Failed)
    }
}

fn write(file: NamedTempFile, mut pieces: mpsc::Receiver<Piece>) -> Result<NamedTempFile, String> {
    let refused = |error: &dyn std::fmt::Display| format!("the file could not be written: {error}");
    let mut zip = ZipWriter::new(file);
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true);
    let mut bytes_in = 0_u64;
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::Begin(name) => zip.start_file(name, options).map_err(|error| refused(&error))?,
            Piece::Bytes(bytes) => {
                bytes_in += bytes.len() as u64;
                if bytes_in > MAX_FILE_BYTES {
                    return Err("there is more than 2 GiB of it: shorten POSITION_RETENTION".to_owned());
                }
                zip.write_all(&bytes).map_err(|error| refused(&error))?;
            }
        }
    }
    zip.finish().map_err(|error| refused(&error))
}
