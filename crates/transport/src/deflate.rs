//! Raw deflate and inflate for permessage-deflate, with one state for each thread instead of one for each connection.
//!
//! No context is kept from one message to the next, so the state is reset for each message and a connection that negotiated
//! compression costs nothing while idle. Only the messages of one run, which are sent together, refer to those before them.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// The end of a sync flush. The sender removes it from each message and the receiver adds it again.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Inflated output grows in steps of this size, so that a bomb is stopped at the limit and not after it.
const INFLATE_STEP_BYTES: usize = 4096;

/// Scratch space beyond this is freed after use.
const SCRATCH_KEEP_BYTES: usize = 64 * 1024;

struct Deflater {
    state: Compress,
    output: Vec<u8>,
}

thread_local! {
    // Level 1, the fastest: all receivers wait for this one compression.
    static DEFLATER: RefCell<Option<Deflater>> = const { RefCell::new(None) };
    // One receiver waits for a run, and a tenth fewer bytes are worth the time.
    static RUN_DEFLATER: RefCell<Option<Deflater>> = const { RefCell::new(None) };
    static INFLATER: RefCell<Option<Decompress>> = const { RefCell::new(None) };
}

/// Why compressed data was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InflateError {
    TooLarge,
    Corrupt,
}

impl Deflater {
    fn new(level: u32) -> Self {
        Self { state: Compress::new(Compression::new(level), false), output: Vec::new() }
    }

    /// The compressed payload, as the message after those that were compressed since the last reset.
    fn add(&mut self, payload: &[u8]) -> Option<&[u8]> {
        let Self { state, output } = self;
        output.clear();
        let before = state.total_in();
        loop {
            output.reserve(payload.len() / 2 + 64);
            let consumed = (state.total_in() - before) as usize;
            state.compress_vec(&payload[consumed..], output, FlushCompress::Sync).ok()?;
            // Room left over means that the flush is complete.
            if (state.total_in() - before) as usize == payload.len() && output.len() < output.capacity() {
                return output.strip_suffix(&TAIL);
            }
        }
    }
}

/// Compresses `payload` into scratch space and passes the result to `use_it`.
pub(crate) fn deflate<R>(payload: &[u8], use_it: impl FnOnce(&[u8]) -> Option<R>) -> Option<R> {
    DEFLATER.with_borrow_mut(|deflater| {
        let deflater = deflater.get_or_insert_with(|| Deflater::new(1));
        deflater.state.reset();
        let result = deflater.add(payload).and_then(use_it);
        deflater.output.shrink_to(SCRATCH_KEEP_BYTES);
        result
    })
}

/// Compresses messages of which each may refer to those before it, and passes each result to `take`. `None` if that failed.
pub(crate) fn deflate_run<'a>(payloads: impl Iterator<Item = &'a [u8]>, mut take: impl FnMut(&[u8])) -> Option<()> {
    RUN_DEFLATER.with_borrow_mut(|deflater| {
        let deflater = deflater.get_or_insert_with(|| Deflater::new(6));
        deflater.state.reset();
        for payload in payloads {
            take(deflater.add(payload)?);
        }
        deflater.output.shrink_to(SCRATCH_KEEP_BYTES);
        Some(())
    })
}

/// Inflates one message to at most `max_bytes`.
pub(crate) fn inflate(data: &[u8], max_bytes: usize) -> Result<Vec<u8>, InflateError> {
    INFLATER.with_borrow_mut(|inflater| {
        let state = inflater.get_or_insert_with(|| Decompress::new(false));
        state.reset(false);
        let mut output = Vec::new();
        // A peer may end a message with a final block. After it another stream begins.
        let rest = inflate_part(state, data, &mut output, max_bytes)?;
        inflate_part(state, &[rest, &TAIL].concat(), &mut output, max_bytes)?;
        Ok(output)
    })
}

fn inflate_part<'a>(
    state: &mut Decompress,
    mut input: &'a [u8],
    output: &mut Vec<u8>,
    max_bytes: usize,
) -> Result<&'a [u8], InflateError> {
    loop {
        // One byte more than the limit, to distinguish a full message from one that is too long.
        let room = (max_bytes + 1 - output.len()).min(INFLATE_STEP_BYTES.max(output.len()));
        output.reserve_exact(room);
        let (in_before, out_before) = (state.total_in(), output.len());
        let status = state.decompress_vec(input, output, FlushDecompress::Sync).map_err(|_| InflateError::Corrupt)?;
        input = &input[(state.total_in() - in_before) as usize..];
        if output.len() > max_bytes {
            return Err(InflateError::TooLarge);
        }
        if status == Status::StreamEnd {
            state.reset(false);
            if input.is_empty() {
                return Ok(input);
            }
            continue;
        }
        let stuck = state.total_in() == in_before && output.len() == out_before;
        if stuck || (input.is_empty() && output.len() < output.capacity()) {
            return Ok(input);
        }
    }
}
