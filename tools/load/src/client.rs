//! One thread, one epoll: many watching sockets and a few publishing connections, so that the client needs one CPU.

use crate::frame::Closing;
use crate::http::Response;
use crate::publisher::Publisher;
use crate::stamp::now_us;
use crate::watcher::{Handshake, READ_BYTES, SocketState, Watcher};
use anyhow::{Result, bail};
use rustix::event::Timespec;
use rustix::event::epoll::{CreateFlags, Event, EventData, EventFlags, add, create, delete, wait};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// Ready sockets taken from the kernel at once; further ones wait for the next poll.
const MAX_EVENTS: usize = 1024;
/// Distinguishes the numbers of publishers from those of watchers.
const PUBLISHER_BIT: u64 = 1 << 32;

/// Gets what the client receives.
pub(crate) trait Listener {
    /// A message came on socket number `watcher`, read at `at_us`.
    fn message(&mut self, watcher: usize, payload: &[u8], at_us: u64);
    /// A request was answered on connection number `publisher`.
    fn answer(&mut self, publisher: usize, response: &Response<'_>);
    /// The server closed socket number `watcher`.
    fn closed(&mut self, watcher: usize, closing: &Closing);
}

/// How to wait when nothing is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// Poll again at once, so that the server does not pay for waking another CPU. Needs a CPU of its own.
    Spin,
    /// Sleep in the kernel, which leaves the CPU to the server.
    Sleep,
}

/// All connections to one server.
#[derive(Debug)]
pub(crate) struct Client {
    epoll: OwnedFd,
    watchers: Vec<Watcher>,
    publishers: Vec<Publisher>,
    buffer: Vec<u8>,
    waiting: Waiting,
}

impl Client {
    /// A client without connections.
    pub(crate) fn new(waiting: Waiting) -> Result<Self> {
        let epoll = create(CreateFlags::CLOEXEC)?;
        Ok(Self { epoll, watchers: Vec::new(), publishers: Vec::new(), buffer: vec![0; 2 * READ_BYTES], waiting })
    }

    /// Opens `count` more sockets, one after the other.
    pub(crate) fn open_watchers(&mut self, count: usize, handshake: &Handshake) -> Result<()> {
        for _ in 0..count {
            self.watchers.push(Watcher::open(handshake)?);
            self.resume_watcher(self.watchers.len() - 1)?;
        }
        Ok(())
    }

    /// Sends frames on socket number `watcher`.
    pub(crate) fn send(&mut self, watcher: usize, frames: &[u8]) -> Result<()> {
        self.watchers[watcher].send(frames)
    }

    /// Closes all sockets.
    pub(crate) fn close_watchers(&mut self) {
        self.watchers.clear();
    }

    /// How many sockets agreed to permessage-deflate.
    pub(crate) fn deflated_watchers(&self) -> usize {
        self.watchers.iter().filter(|watcher| watcher.deflate).count()
    }

    /// Stops reading from socket number `watcher`.
    pub(crate) fn pause_watcher(&mut self, watcher: usize) -> Result<()> {
        Ok(delete(&self.epoll, &self.watchers[watcher])?)
    }

    /// Reads from socket number `watcher` again.
    pub(crate) fn resume_watcher(&mut self, watcher: usize) -> Result<()> {
        Ok(add(&self.epoll, &self.watchers[watcher], EventData::new_u64(watcher as u64), EventFlags::IN)?)
    }

    /// Opens socket number `watcher` anew in the place of one that was closed.
    pub(crate) fn reopen_watcher(&mut self, watcher: usize, handshake: &Handshake) -> Result<()> {
        self.watchers[watcher] = Watcher::open(handshake)?;
        self.resume_watcher(watcher)
    }

    /// Closes all publishing connections.
    pub(crate) fn close_publishers(&mut self) {
        self.publishers.clear();
    }

    /// Opens `count` more publishing connections.
    pub(crate) fn open_publishers(&mut self, count: usize, address: SocketAddr) -> Result<()> {
        for _ in 0..count {
            let publisher = Publisher::connect(address)?;
            let number = EventData::new_u64(PUBLISHER_BIT | self.publishers.len() as u64);
            // Edge-triggered: `pump` writes and reads all it can, so that one event per change is enough.
            add(&self.epoll, &publisher, number, EventFlags::IN | EventFlags::OUT | EventFlags::ET)?;
            self.publishers.push(publisher);
        }
        Ok(())
    }

    /// A publishing connection that does not wait for an answer.
    pub(crate) fn idle_publisher(&self) -> Option<usize> {
        self.publishers.iter().position(|publisher| !publisher.is_waiting())
    }

    /// The number of requests without an answer yet.
    pub(crate) fn waiting_publishers(&self) -> usize {
        self.publishers.iter().filter(|publisher| publisher.is_waiting()).count()
    }

    /// Sends `request` on the idle connection number `publisher`.
    pub(crate) fn publish(&mut self, publisher: usize, request: Vec<u8>) -> Result<()> {
        self.publishers[publisher].send(request)
    }

    /// Reads from the ready connections, and waits until `until` at most. Returns how many were ready.
    pub(crate) fn poll(&mut self, until: Instant, listener: &mut impl Listener) -> Result<usize> {
        let timeout = match self.waiting {
            Waiting::Spin => Duration::ZERO,
            Waiting::Sleep => until.saturating_duration_since(Instant::now()),
        };
        let timeout = Timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: i64::from(timeout.subsec_nanos()) };
        let mut events = [MaybeUninit::<Event>::uninit(); MAX_EVENTS];
        let (ready, _) = match wait(&self.epoll, &mut events, Some(&timeout)) {
            Err(rustix::io::Errno::INTR) => return Ok(0),
            result => result?,
        };
        for event in ready.iter() {
            // Copied first: the kernel's struct is packed.
            let data = event.data;
            let number = data.u64();
            if number & PUBLISHER_BIT != 0 {
                let number = (number & !PUBLISHER_BIT) as usize;
                self.publishers[number].pump(&mut self.buffer, |response| listener.answer(number, response))?;
            } else {
                self.read_watcher(number as usize, listener)?;
            }
        }
        Ok(ready.len())
    }

    /// Polls for `duration`.
    pub(crate) fn poll_for(&mut self, duration: Duration, listener: &mut impl Listener) -> Result<()> {
        let end = Instant::now() + duration;
        while Instant::now() < end {
            self.poll(end, listener)?;
        }
        Ok(())
    }

    /// Polls until nothing has come for `quiet` and every request is answered, but at most for a minute.
    pub(crate) fn poll_until_quiet(&mut self, quiet: Duration, listener: &mut impl Listener) -> Result<()> {
        let start = Instant::now();
        let mut last = start;
        while last.elapsed() < quiet || self.waiting_publishers() > 0 {
            if self.poll(last + quiet, listener)? > 0 {
                last = Instant::now();
            }
            if start.elapsed() > Duration::from_secs(60) {
                bail!("the server still sends a minute after the last publication");
            }
        }
        Ok(())
    }

    fn read_watcher(&mut self, number: usize, listener: &mut impl Listener) -> Result<()> {
        let at_us = now_us();
        let watcher = &mut self.watchers[number];
        let state = watcher.read(&mut self.buffer, |payload| listener.message(number, payload, at_us))?;
        if let SocketState::Closed(closing) = state {
            delete(&self.epoll, watcher)?;
            listener.closed(number, &closing);
        }
        Ok(())
    }
}
