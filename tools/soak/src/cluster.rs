//! The three nodes with their database and relay, and what they serve.

use crate::Options;
use crate::databases::{Postgres, Redis};
use crate::network::{Host, NODES, Network};
use crate::process::Process;
use crate::ready::{self, Ready};
use anyhow::{Context as _, Result, bail};
use reqwest::{Client, Method, StatusCode};
use rustix::process::Signal;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Signs the tokens. It is of no use elsewhere: the nodes live as long as the run.
const SECRET: &str = "milepost-soak-signs-with-this-for-one-run";
/// The same on every node.
const VAPID_PRIVATE_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
/// The longest start of a node on a busy machine.
const MAX_START: Duration = Duration::from_secs(120);
/// The longest draining of a node.
const MAX_DRAIN: Duration = Duration::from_secs(60);
/// A request without an answer for this long has an unknown outcome.
pub(crate) const REQUEST_PATIENCE: Duration = Duration::from_secs(5);

/// What clients and writers need to reach the nodes.
#[derive(Debug)]
pub(crate) struct Reach {
    pub(crate) network: Network,
    pub(crate) http: Client,
    /// The version under test.
    server: PathBuf,
}

/// The nodes and their servers. Dropping it ends all processes, and then the network.
#[derive(Debug)]
pub(crate) struct Cluster {
    nodes: [Option<Process>; NODES],
    pub(crate) postgres: Postgres,
    pub(crate) redis: Redis,
    pub(crate) reach: Arc<Reach>,
    folder: PathBuf,
    /// The older version, while nodes of it are started.
    older: Option<PathBuf>,
    /// The library that turns a node's clock, where it is installed.
    pub(crate) faketime: Option<PathBuf>,
}

impl Cluster {
    /// Starts everything, and waits until it is ready.
    pub(crate) async fn start(options: &Options, folder: &Path) -> Result<Self> {
        let server = match &options.server {
            Some(path) => std::path::absolute(path)?,
            None => std::env::current_exe()?.with_file_name("milepost"),
        };
        if !server.exists() {
            bail!("{} is not there: build it first, or set MILEPOST_BIN", server.display());
        }
        let network = Network::make(options.placement).await?;
        let http = Client::builder().no_proxy().connect_timeout(Duration::from_secs(2)).build()?;
        let reach = Arc::new(Reach { network, http, server });
        let postgres = Postgres::start(&reach.network, folder).await?;
        let redis = Redis::start(&reach.network, folder)?;
        let faketime = faketime();
        let older = options.upgrade_from.as_ref().map(std::path::absolute).transpose()?;
        let mut cluster =
            Self { nodes: Default::default(), postgres, redis, reach, folder: folder.to_owned(), older, faketime };
        for node in 0..NODES {
            // One after the other: the first one makes the tables.
            cluster.run_node(node, 0)?;
            cluster.wait_ready(node).await?;
        }
        cluster.older = None;
        Ok(cluster)
    }

    /// Starts a node, whose clock is this much off.
    pub(crate) fn run_node(&mut self, node: usize, clock_s: i64) -> Result<()> {
        let network = &self.reach.network;
        let server = self.older.as_ref().unwrap_or(&self.reach.server).to_string_lossy();
        let host = Host::Node(node);
        let mut command = network.command(host, &server);
        command
            .arg("serve")
            .current_dir(&self.folder)
            .env("MILEPOST_LISTEN", network.address(host).to_string())
            .env("MILEPOST_DATA", self.folder.join(format!("node{node}")))
            .env("DATABASE_URL", format!("postgres://milepost@{}/postgres", network.address_for(node, Host::Postgres)))
            .env("REDIS_URL", format!("redis://{}", network.address_for(node, Host::Redis)))
            .env("JWT_SECRET", SECRET)
            .env("VAPID_PRIVATE_KEY", VAPID_PRIVATE_KEY)
            // So that a client on a silent node notices it, and goes to another one.
            .env("WS_PING_PERIOD", "2s")
            .env("WS_PONG_WAIT", "6s");
        if let Some(library) = self.faketime.as_ref().filter(|_| clock_s != 0) {
            command
                .env("LD_PRELOAD", library)
                .env("FAKETIME", format!("{clock_s:+}s"))
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        let log = self.folder.join(format!("node{node}.log"));
        self.nodes[node] = Some(Process::start(command, Signal::KILL, &log)?);
        Ok(())
    }

    /// Waits until a node is ready.
    pub(crate) async fn wait_ready(&mut self, node: usize) -> Result<()> {
        let begun = Instant::now();
        while ready::ask(&self.reach, node).await != Ready::Green {
            let has_ended = self.nodes[node].as_mut().is_none_or(Process::has_ended);
            if has_ended || begun.elapsed() > MAX_START {
                let log = std::fs::read_to_string(self.folder.join(format!("node{node}.log"))).unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(20).collect();
                bail!("node {node} does not start:\n{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Ends a node like `kill -9`.
    pub(crate) fn kill_node(&mut self, node: usize) {
        if let Some(mut process) = self.nodes[node].take() {
            process.end(Signal::KILL);
        }
    }

    /// Ends a node by a stop signal, and waits until it has drained.
    pub(crate) async fn end_node(&mut self, node: usize) -> Result<()> {
        let Some(mut process) = self.nodes[node].take() else { return Ok(()) };
        process.signal(Signal::TERM);
        let begun = Instant::now();
        while !process.has_ended() {
            if begun.elapsed() > MAX_DRAIN {
                process.end(Signal::KILL);
                bail!("node {node} does not end within {MAX_DRAIN:?} of a stop signal");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Pauses or resumes a node.
    pub(crate) fn signal_node(&self, node: usize, signal: Signal) {
        if let Some(process) = &self.nodes[node] {
            process.signal(signal);
        }
    }

    /// The nodes that ended without being told to.
    pub(crate) fn ended_nodes(&mut self) -> Vec<usize> {
        (0..NODES).filter(|node| self.nodes[*node].as_mut().is_some_and(Process::has_ended)).collect()
    }
}

impl Reach {
    /// `scheme://address` of a node.
    pub(crate) fn url(&self, scheme: &str, node: usize, path: &str) -> String {
        format!("{scheme}://{}{path}", self.network.address(Host::Node(node)))
    }

    /// Calls a node. The status and the body (null if it is not JSON), or nothing if the outcome is unknown.
    pub(crate) async fn call(
        &self,
        node: usize,
        (method, path): (Method, &str),
        token: &str,
        (body, key): (&Value, Option<&str>),
    ) -> Option<(StatusCode, Value)> {
        let mut request =
            self.http.request(method, self.url("http", node, path)).bearer_auth(token).timeout(REQUEST_PATIENCE);
        if !body.is_null() {
            request = request.json(body);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let response = request.send().await.ok()?;
        let status = response.status();
        let text = response.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// Posts for the setting up, where anything but 2xx is an error.
    pub(crate) async fn post(&self, path: &str, token: &str, body: &Value) -> Result<Value> {
        let answer = self.call(0, (Method::POST, path), token, (body, None)).await;
        match answer.with_context(|| format!("no answer to {path}"))? {
            (status, answer) if status.is_success() => Ok(answer),
            (status, answer) => bail!("{path} is answered {status}: {answer}"),
        }
    }

    /// A token for this subject and role, of the tenant `default`.
    pub(crate) fn token(&self, subject: &str, role: &str) -> Result<String> {
        let mut command = std::process::Command::new(&self.server);
        command.args(["token", "--sub", subject, "--role", role, "--tenant", "default", "--ttl", "48h"]);
        let output = command.env("JWT_SECRET", SECRET).env_remove("DATABASE_URL").output()?;
        if !output.status.success() {
            bail!("milepost token: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}

fn faketime() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    folders.map(|folder| folder.join("faketime/libfaketime.so.1")).find(|path| path.exists())
}
