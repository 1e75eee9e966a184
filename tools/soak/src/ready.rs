//! What `/ready` of a node says, and how long it takes to say it.

use crate::cluster::Reach;
use crate::network::NODES;
use anyhow::{Result, bail};
use futures_util::future::try_join_all;
use std::time::{Duration, Instant};

/// The longest wait for `/ready` to turn. The goals are seconds; a busy machine may need more.
const MAX_TURN: Duration = Duration::from_secs(60);
/// A node that says nothing for this long is red.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether a node wants requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ready {
    /// 200.
    Green,
    /// 503, or no answer.
    Red,
}

/// Asks a node.
pub(crate) async fn ask(reach: &Reach, node: usize) -> Ready {
    let answer = reach.http.get(reach.url("http", node, "/ready")).timeout(PATIENCE).send().await;
    if answer.is_ok_and(|answer| answer.status() == 200) { Ready::Green } else { Ready::Red }
}

/// Waits until these nodes say so. The time that the last one took since `since`.
pub(crate) async fn turns(reach: &Reach, nodes: &[usize], wanted: Ready, since: Instant) -> Result<Duration> {
    let turns = nodes.iter().map(|&node| async move {
        while ask(reach, node).await != wanted {
            if since.elapsed() > MAX_TURN {
                bail!("/ready of node {node} is not {wanted:?} after {MAX_TURN:?}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(since.elapsed())
    });
    let times = try_join_all(turns).await?;
    Ok(times.into_iter().max().unwrap_or_default())
}

/// All nodes.
pub(crate) const ALL: [usize; NODES] = [0, 1, 2];
