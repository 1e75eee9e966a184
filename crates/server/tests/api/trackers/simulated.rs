//! `milepost simulate --protocol`: simulated trackers against a real server.

use super::support::{ALL_PORTS, address, positions};
use crate::support::TestServer;
use milepost_device_protocols::Protocol;
use milepost_simulate::{Credential, ProgressMode, SimulateOptions, TrackerProtocol, TrackerTarget, simulate};
use std::time::Duration;

#[tokio::test]
async fn what_simulated_trackers_count_as_taken_is_stored() {
    let server = TestServer::start_with(&[ALL_PORTS]).await;
    let protocols = [
        (TrackerProtocol::Teltonika, Protocol::Teltonika),
        (TrackerProtocol::Gt06, Protocol::Gt06),
        (TrackerProtocol::H02, Protocol::H02),
        (TrackerProtocol::Jt808, Protocol::Jt808),
    ];
    for (tracker, protocol) in protocols {
        let name = protocol.name();
        let options = SimulateOptions {
            url: server.url.clone(),
            credential: Credential::Bearer(server.admin.clone()),
            vehicles: 2,
            prefix: format!("{name}-"),
            tracker: Some(TrackerTarget { protocol: tracker, port: address(&server, protocol).port() }),
            duration: Some(Duration::from_secs(2)),
            progress: ProgressMode::Off,
            ..SimulateOptions::default()
        };
        let summary = Box::pin(simulate(options, std::future::pending())).await.unwrap();
        assert!(summary.accepted >= 2 && summary.dropped == 0, "{name}: {summary}");
        let stored = positions(&server, &format!("{name}-01")).await.len()
            + positions(&server, &format!("{name}-02")).await.len();
        // The clocks of three of them show seconds, so that two fixes can be of one.
        assert!(stored >= 2 && stored as u64 <= summary.accepted, "{name}: {stored} of {summary}");
    }
}
