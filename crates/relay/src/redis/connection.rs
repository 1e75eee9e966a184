//! A connection on which messages are published and pushed. In a cluster the channels are sharded.

use super::url::{Login, Target};
use crate::RedisUrl;
use futures_util::{StreamExt, TryStreamExt, stream};
use redis::aio::{AsyncPushSender, ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{AsyncConnectionConfig, Client, ProtocolVersion, RedisResult, TlsMode, cmd, pipe};
use std::time::Duration;

/// The longest time for a connection, and for the answer to a command.
const PATIENCE: Duration = Duration::from_secs(1);
/// Messages that are under way to a cluster at once.
const CLUSTER_MESSAGES: usize = 32;

pub(super) enum Connection {
    One(MultiplexedConnection),
    Cluster(Box<ClusterConnection>),
}

impl Connection {
    /// Connects. `pushes` gets what is published on the subscribed channels, and the end of the connection.
    pub(super) async fn open(url: &RedisUrl, pushes: impl AsyncPushSender) -> RedisResult<Self> {
        match &url.0 {
            Target::One(info) => {
                let client = Client::open((**info).clone())?;
                Ok(Self::One(client.get_multiplexed_async_connection_with_config(&config(pushes)).await?))
            }
            Target::Sentinel { sentinels, master, login, tls } => {
                let builder = SentinelClientBuilder::new(sentinels.clone(), master, SentinelServerType::Master)?;
                let mut client = with_login(builder, login, *tls).build()?;
                Ok(Self::One(client.get_async_connection_with_config(&config(pushes)).await?))
            }
            Target::Cluster(servers) => {
                let client = ClusterClientBuilder::new(servers.clone())
                    .use_protocol(ProtocolVersion::RESP3)
                    .connection_timeout(PATIENCE)
                    .response_timeout(PATIENCE)
                    .retries(1)
                    .push_sender(pushes)
                    .build()?;
                Ok(Self::Cluster(Box::new(client.get_async_connection().await?)))
            }
        }
    }

    pub(super) async fn subscribe(&mut self, channels: &[String]) -> RedisResult<()> {
        match self {
            Self::One(connection) => connection.subscribe(channels).await,
            // Each channel has a shard of its own.
            Self::Cluster(connection) => {
                for channel in channels {
                    connection.ssubscribe(channel).await?;
                }
                Ok(())
            }
        }
    }

    pub(super) async fn unsubscribe(&mut self, channels: &[String]) -> RedisResult<()> {
        match self {
            Self::One(connection) => connection.unsubscribe(channels).await,
            Self::Cluster(connection) => {
                for channel in channels {
                    connection.sunsubscribe(channel).await?;
                }
                Ok(())
            }
        }
    }

    /// Publishes messages. Those of one channel are never sent at the same time.
    pub(super) async fn publish(&mut self, messages: Vec<(String, Vec<u8>)>) -> RedisResult<()> {
        match self {
            Self::One(connection) => {
                let mut commands = pipe();
                for (channel, message) in messages {
                    commands.cmd("PUBLISH").arg(channel).arg(message).ignore();
                }
                commands.query_async(connection).await
            }
            Self::Cluster(connection) => {
                let publish = |(channel, message): (String, Vec<u8>)| {
                    let mut connection = connection.clone();
                    async move {
                        connection.req_packed_command(cmd("SPUBLISH").arg(channel).arg(message)).await?;
                        Ok(())
                    }
                };
                stream::iter(messages).map(publish).buffer_unordered(CLUSTER_MESSAGES).try_collect().await
            }
        }
    }
}

fn config(pushes: impl AsyncPushSender) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
        .set_push_sender(pushes)
}

fn with_login(mut builder: SentinelClientBuilder, login: &Login, tls: bool) -> SentinelClientBuilder {
    builder = builder.set_client_to_redis_protocol(ProtocolVersion::RESP3).set_client_to_redis_db(login.database);
    if !login.username.is_empty() {
        builder = builder.set_client_to_redis_username(&login.username);
    }
    if !login.password.is_empty() {
        builder = builder.set_client_to_redis_password(&login.password);
    }
    if tls {
        builder =
            builder.set_client_to_redis_tls_mode(TlsMode::Secure).set_client_to_sentinel_tls_mode(TlsMode::Secure);
    }
    builder
}
