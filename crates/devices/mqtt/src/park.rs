//! Messages that could not be stored, in a folder: the broker may forget them, and a later start tries them again.

use crate::lane::Content;
use bytes::Bytes;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// Messages that are kept. When there are as many, further ones are neither kept nor acknowledged, and the messages of their topics
/// wait: something is wrong that a person has to mend.
const MAX_PARKED: usize = 1_000;
const EXTENSION: &str = "message";

/// The folder. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Park {
    folder: Arc<Path>,
    /// Numbers names within a moment.
    next: Arc<AtomicU64>,
}

impl Park {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder: folder.into(), next: Arc::default() }
    }

    /// Keeps a message, and returns when it is on disk.
    pub(crate) async fn keep(&self, content: Content) -> io::Result<()> {
        let park = self.clone();
        tokio::task::spawn_blocking(move || park.write(&content)).await.map_err(io::Error::other)?
    }

    fn write(&self, content: &Content) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        if self.files()?.len() >= MAX_PARKED {
            return Err(io::Error::new(
                ErrorKind::StorageFull,
                format!("{} keeps {MAX_PARKED} messages", self.folder.display()),
            ));
        }
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let name = format!("{since:015}-{:06}.{EXTENSION}", self.next.fetch_add(1, Ordering::Relaxed));
        let (path, unfinished) = (self.folder.join(&name), self.folder.join(format!("{name}.new")));
        // Only for this user: it says where somebody was.
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(content.topic.as_bytes())?;
        // No topic has a zero byte.
        file.write_all(&[0, u8::from(content.is_retained)])?;
        file.write_all(&content.payload)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        File::open(&self.folder)?.sync_all()
    }

    /// The messages that are kept, the oldest first.
    pub(crate) fn files(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut files: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        files.retain(|path| path.extension().is_some_and(|extension| extension == EXTENSION));
        files.sort();
        Ok(files)
    }

    /// Reads one of them. `None` for a file that is none of ours.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Content>> {
        let bytes = fs::read(path)?;
        let Some(end) = bytes.iter().position(|&byte| byte == 0) else { return Ok(None) };
        let (topic, rest) = bytes.split_at(end);
        let (Ok(topic), [0, is_retained @ 0..=1, payload @ ..]) = (std::str::from_utf8(topic), rest) else {
            return Ok(None);
        };
        Ok(Some(Content {
            topic: topic.into(),
            payload: Bytes::copy_from_slice(payload),
            is_retained: *is_retained == 1,
        }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_message_that_is_kept_is_read_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let park = Park::new(folder.path().join("parked"));
        assert_eq!(park.files().unwrap(), Vec::<PathBuf>::new());
        let content = |payload: &'static [u8], is_retained| Content {
            topic: "owntracks/jane/phone".into(),
            payload: Bytes::from_static(payload),
            is_retained,
        };
        let all = [content(b"\0\x01\xff", false), content(b"", true), content(b"{}", false)];
        for one in &all {
            park.keep(one.clone()).await.unwrap();
        }
        fs::write(folder.path().join("parked/stray.message"), "no zero byte").unwrap();
        fs::write(folder.path().join("parked/half.message.new"), "").unwrap();
        let files = park.files().unwrap();
        let read: Vec<_> = files.iter().filter_map(|path| Park::read(path).unwrap()).collect();
        assert_eq!(read, all);
    }
}
