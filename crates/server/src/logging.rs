//! Log lines, as text or JSON. They go to standard error, because standard output is for the answers of commands.
//!
//! A thread of its own writes them, so that nobody waits for a slow reader or a full disk. What can't be written is dropped
//! and counted: a lost line must not cost an answer.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::{Duration, Instant};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::MakeWriter;

/// Bytes of lines that wait to be written. When they are so many, further lines are dropped.
const QUEUED_BYTES: usize = 4 * 1024 * 1024;
/// Lines that wait to be written. When they are so many, further lines are dropped.
const QUEUED_LINES: usize = 16_384;
/// How long the end of the process waits for the last lines.
const FLUSH_WAIT: Duration = Duration::from_secs(1);
/// How long to wait after a failed write. A full disk would be asked again for every line.
const RETRY_WAIT: Duration = Duration::from_millis(100);

/// Counts log lines that were dropped. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct LogStats(Arc<AtomicU64>);

impl LogStats {
    /// Lines that were dropped since the start.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add_dropped(&self, lines: u64) {
        self.0.fetch_add(lines, Ordering::Relaxed);
    }
}

/// The log of this process. Dropping it waits a moment for the last lines.
pub(crate) struct Log {
    queue: LogQueue,
}

impl Log {
    pub(crate) fn stats(&self) -> LogStats {
        self.queue.stats.clone()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.queue.flush();
    }
}

/// Starts logging. An unreadable filter is reported and replaced by `info`. A panic becomes a line of the log too.
pub(crate) fn start_logging(filter: &str, json: bool) -> Log {
    let (filter, wrong) = match EnvFilter::try_new(filter) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    let queue = LogQueue::start(io::stderr());
    let lines = fmt().with_env_filter(filter).with_writer(queue.clone()).log_internal_errors(false);
    // In tests a process may start twice. The logging of the first start stays.
    let _ = if json { lines.json().flatten_event(true).try_init() } else { lines.with_ansi(false).try_init() };
    std::panic::set_hook(Box::new(log_panic));
    if let Some(error) = wrong {
        tracing::warn!(%error, "MILEPOST_LOG can't be read, using info");
    }
    Log { queue }
}

/// The standard library writes panics to standard error itself, and would wait for its reader.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(place, backtrace, "panic: {}", panic.payload_as_str().unwrap_or("of an unknown kind"));
}

/// Takes lines for the writing thread. Cloning is cheap.
#[derive(Clone)]
struct LogQueue {
    items: SyncSender<Item>,
    queued_bytes: Arc<AtomicUsize>,
    stats: LogStats,
}

enum Item {
    Line(Vec<u8>),
    /// Answered when everything before it was written or dropped.
    Flush(SyncSender<()>),
}

impl LogQueue {
    /// Starts the thread. Without one, every line is dropped.
    fn start(out: impl Write + Send + 'static) -> Self {
        let (items, waiting) = mpsc::sync_channel(QUEUED_LINES);
        let queue = Self { items, queued_bytes: Arc::default(), stats: LogStats::default() };
        let (queued_bytes, stats) = (Arc::clone(&queue.queued_bytes), queue.stats.clone());
        let writer = std::thread::Builder::new().name("log".to_owned());
        let _ = writer.spawn(move || write_lines(out, &waiting, &queued_bytes, &stats));
        queue
    }

    fn push(&self, line: &[u8]) {
        let queued = self.queued_bytes.fetch_add(line.len(), Ordering::AcqRel);
        if queued + line.len() <= QUEUED_BYTES && self.items.try_send(Item::Line(line.to_vec())).is_ok() {
            return;
        }
        self.queued_bytes.fetch_sub(line.len(), Ordering::AcqRel);
        self.stats.add_dropped(1);
    }

    /// Waits until the lines before are written, but not for a reader that takes none.
    fn flush(&self) {
        let deadline = Instant::now() + FLUSH_WAIT;
        let (answer, flushed) = mpsc::sync_channel(1);
        while self.items.try_send(Item::Flush(answer.clone())).is_err() {
            if Instant::now() >= deadline {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = flushed.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

impl<'a> MakeWriter<'a> for LogQueue {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        LineWriter(self)
    }
}

/// Takes one line by each write.
struct LineWriter<'a>(&'a LogQueue);

impl Write for LineWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes lines for as long as there is a queue.
fn write_lines(mut out: impl Write, waiting: &Receiver<Item>, queued_bytes: &AtomicUsize, stats: &LogStats) {
    let mut reported = 0;
    while let Ok(item) = waiting.recv() {
        match item {
            Item::Line(line) => {
                queued_bytes.fetch_sub(line.len(), Ordering::AcqRel);
                if out.write_all(&line).is_err() {
                    stats.add_dropped(1);
                    std::thread::sleep(RETRY_WAIT);
                } else if stats.dropped() > reported {
                    reported = stats.dropped();
                    tracing::warn!(
                        lines = reported,
                        "log lines were dropped since the start: nobody took them in time"
                    );
                }
            }
            Item::Flush(answer) => {
                let _ = answer.try_send(());
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Takes lines while it is open, and fails for a while.
    #[derive(Clone, Default)]
    struct Reader {
        taken: Arc<Mutex<Vec<u8>>>,
        is_failing: Arc<std::sync::atomic::AtomicBool>,
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.is_failing.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.taken.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_arrive_whole_and_in_order() {
        let reader = Reader::default();
        let queue = LogQueue::start(reader.clone());
        for number in 0..1000 {
            queue.push(format!("line {number}\n").as_bytes());
        }
        queue.flush();
        let expected: String = (0..1000).map(|number| format!("line {number}\n")).collect();
        assert_eq!(String::from_utf8(reader.taken.lock().unwrap().clone()).unwrap(), expected);
        assert_eq!(queue.stats.dropped(), 0);
    }

    #[test]
    fn a_full_disk_costs_lines_and_nothing_else_and_ends() {
        let reader = Reader::default();
        let queue = LogQueue::start(reader.clone());
        reader.is_failing.store(true, Ordering::Relaxed);
        queue.push(b"lost\n");
        queue.flush();
        reader.is_failing.store(false, Ordering::Relaxed);
        queue.push(b"kept\n");
        queue.flush();
        assert_eq!(*reader.taken.lock().unwrap(), b"kept\n");
        assert_eq!(queue.stats.dropped(), 1);
    }

    #[test]
    fn a_reader_that_takes_nothing_is_not_waited_for() {
        let reader = Reader::default();
        let queue = LogQueue::start(reader.clone());
        let stuck = reader.taken.lock().unwrap();
        let begun = Instant::now();
        for _ in 0..2 * QUEUED_LINES {
            queue.push(b"a line that nobody reads\n");
        }
        assert!(begun.elapsed() < Duration::from_secs(5));
        assert!(queue.stats.dropped() >= QUEUED_LINES as u64 - 1);
        queue.flush();
        drop(stuck);
    }
}
