//! The faults: how each is made, what it must show, and how it is mended.

use crate::cluster::Cluster;
use crate::network::{Host, NODES};
use crate::ready::ALL;
use anyhow::Result;
use fastrand::Rng;
use rustix::process::Signal;

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    RedisKilled,
    RedisPaused,
    RedisEmpty,
    RedisParted,
    PostgresRestarted,
    PostgresCrashed,
    PostgresPaused,
    PostgresCut,
    PostgresParted,
    NodeKilled,
    NodeDeployed,
    /// Made once for each node, by `--upgrade-from` alone.
    NodeUpgraded,
    NodePaused,
    NodeClock,
    NodeSlow,
}

/// A fault with what was drawn for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Made {
    pub(crate) fault: Fault,
    /// The node that it is about.
    pub(crate) node: usize,
    /// Writing stops before it is mended, or afterwards.
    pub(crate) is_quiet_first: bool,
    /// How long it lasts beyond what it must show, milliseconds.
    pub(crate) hold_ms: u64,
    /// Ahead or behind.
    clock_s: i64,
}

impl Fault {
    /// All, with the names that the report has.
    pub(crate) const ALL: [(&'static str, Self); 14] = [
        ("redis-killed", Self::RedisKilled),
        ("redis-paused", Self::RedisPaused),
        ("redis-restarted-empty", Self::RedisEmpty),
        ("redis-partitioned", Self::RedisParted),
        ("postgres-restarted", Self::PostgresRestarted),
        ("postgres-crashed", Self::PostgresCrashed),
        ("postgres-paused", Self::PostgresPaused),
        ("postgres-connections-cut", Self::PostgresCut),
        ("postgres-partitioned", Self::PostgresParted),
        ("node-killed", Self::NodeKilled),
        ("node-deployed", Self::NodeDeployed),
        ("node-paused", Self::NodePaused),
        ("node-clock-off", Self::NodeClock),
        ("node-slow-network", Self::NodeSlow),
    ];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, fault)| *fault == self).map_or("upgraded", |(name, _)| name)
    }

    /// Draws what the fault leaves open.
    pub(crate) fn draw(self, rng: &mut Rng, pause_seconds: u64) -> Made {
        let hold_ms = match self {
            Self::NodePaused => pause_seconds * 1000,
            // Over before the next request.
            Self::RedisEmpty | Self::PostgresRestarted | Self::PostgresCut => rng.u64(500..1500),
            _ => rng.u64(1500..4000),
        };
        let clock_s = if rng.bool() { 60 } else { -60 };
        Made { fault: self, node: rng.usize(0..NODES), is_quiet_first: rng.bool(), hold_ms, clock_s }
    }
}

impl Made {
    /// The replacement of a node of an older version. The next one comes `hold_ms` after it is ready.
    pub(crate) const fn upgrade_of(node: usize, hold_ms: u64) -> Self {
        Self { fault: Fault::NodeUpgraded, node, is_quiet_first: false, hold_ms, clock_s: 0 }
    }

    /// The nodes whose `/ready` must turn red.
    pub(crate) fn red_nodes(&self) -> &[usize] {
        match self.fault {
            Fault::RedisKilled | Fault::RedisPaused | Fault::PostgresCrashed | Fault::PostgresPaused => &ALL,
            Fault::RedisParted | Fault::PostgresParted => &ALL[self.node..=self.node],
            _ => &[],
        }
    }

    /// Makes the fault.
    pub(crate) async fn begin(&self, cluster: &mut Cluster) -> Result<()> {
        let Self { node, .. } = *self;
        match self.fault {
            Fault::RedisKilled => cluster.redis.kill(),
            Fault::RedisPaused => cluster.redis.signal(Signal::STOP),
            Fault::RedisEmpty => {
                cluster.redis.kill();
                cluster.redis.run(&cluster.reach.network)?;
            }
            Fault::RedisParted => cluster.reach.network.part(node, Host::Redis)?,
            Fault::PostgresRestarted => {
                cluster.postgres.end(Signal::INT);
                cluster.postgres.run(&cluster.reach.network).await?;
            }
            Fault::PostgresCrashed => cluster.postgres.end(Signal::QUIT),
            Fault::PostgresPaused => cluster.postgres.signal(Signal::STOP),
            Fault::PostgresCut => {
                let cut = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() \
                           and backend_type = 'client backend'";
                crate::databases::query(&cluster.reach.network, cut).await?;
            }
            Fault::PostgresParted => cluster.reach.network.part(node, Host::Postgres)?,
            Fault::NodeKilled => cluster.kill_node(node),
            Fault::NodeDeployed => cluster.end_node(node).await?,
            Fault::NodeUpgraded => {
                cluster.end_node(node).await?;
                cluster.run_node(node, 0)?;
                cluster.wait_ready(node).await?;
            }
            Fault::NodePaused => cluster.signal_node(node, Signal::STOP),
            Fault::NodeClock => {
                cluster.kill_node(node);
                cluster.run_node(node, self.clock_s)?;
                cluster.wait_ready(node).await?;
            }
            Fault::NodeSlow => cluster.reach.network.slow(node)?,
        }
        Ok(())
    }

    /// Mends it.
    pub(crate) async fn mend(&self, cluster: &mut Cluster) -> Result<()> {
        let Self { node, .. } = *self;
        match self.fault {
            Fault::RedisEmpty | Fault::PostgresRestarted | Fault::PostgresCut => {}
            Fault::RedisKilled => cluster.redis.run(&cluster.reach.network)?,
            Fault::RedisPaused => cluster.redis.signal(Signal::CONT),
            Fault::RedisParted => cluster.reach.network.join(node, Host::Redis)?,
            Fault::PostgresCrashed => cluster.postgres.run(&cluster.reach.network).await?,
            Fault::PostgresPaused => cluster.postgres.signal(Signal::CONT),
            Fault::PostgresParted => cluster.reach.network.join(node, Host::Postgres)?,
            Fault::NodeKilled | Fault::NodeDeployed => cluster.run_node(node, 0)?,
            Fault::NodePaused => cluster.signal_node(node, Signal::CONT),
            // Its clock stays off while everybody must become current; `settled` turns it right.
            Fault::NodeClock | Fault::NodeUpgraded => {}
            Fault::NodeSlow => cluster.reach.network.quicken(node)?,
        }
        Ok(())
    }

    /// What is left to mend when everybody is current.
    pub(crate) async fn settled(&self, cluster: &mut Cluster) -> Result<()> {
        if self.fault == Fault::NodeClock {
            cluster.kill_node(self.node);
            cluster.run_node(self.node, 0)?;
            cluster.wait_ready(self.node).await?;
        }
        Ok(())
    }
}
