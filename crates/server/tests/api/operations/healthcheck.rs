//! `milepost healthcheck`, run as a process as a container's supervisor does.

use crate::support::TestServer;
use std::process::Output;
use tokio::process::Command;

async fn healthcheck(settings: &[(&str, &str)], args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
    command.arg("healthcheck").args(args).env_clear().envs(settings.iter().copied());
    command.output().await.unwrap()
}

fn told(output: &Output) -> (i32, String) {
    let text = if output.status.success() { &output.stdout } else { &output.stderr };
    (output.status.code().unwrap(), String::from_utf8_lossy(text).into_owned())
}

#[tokio::test]
async fn a_ready_server_is_found_by_its_address_in_the_settings() {
    let server = TestServer::start().await;
    let listen = server.url.trim_start_matches("http://");
    // A proxy in the environment is for calls to others.
    let settings =
        [("MILEPOST_LISTEN", listen), ("HTTP_PROXY", "http://127.0.0.1:1"), ("http_proxy", "http://127.0.0.1:1")];
    let (code, body) = told(&healthcheck(&settings, &[]).await);
    assert!(code == 0 && body.contains("ready"), "{code}: {body}");
    let (code, body) = told(&healthcheck(&[], &[&format!("{}/health", server.url)]).await);
    assert!(code == 0 && body.contains("version"), "{code}: {body}");
}

#[tokio::test]
async fn a_server_that_is_not_ready_or_not_there_is_unhealthy() {
    let server = TestServer::start().await;
    // Any answer but a success counts, with its reason.
    let (code, reason) = told(&healthcheck(&[], &[&format!("{}/api/v1/vehicles", server.url)]).await);
    assert!(code == 1 && reason.contains("401") && reason.contains("credential"), "{code}: {reason}");
    let address = server.url.clone();
    server.drain().await;
    let (code, reason) = told(&healthcheck(&[], &[&address]).await);
    assert!(code == 1 && reason.contains("is not healthy"), "{code}: {reason}");
}

#[tokio::test]
async fn an_address_that_nobody_can_ask_is_a_wrong_command_line() {
    for args in [&["https://127.0.0.1/"][..], &["127.0.0.1:8080"], &["--listen", "127.0.0.1:0"], &["--listen", "here"]]
    {
        let (code, reason) = told(&healthcheck(&[], args).await);
        assert!(code == 2 && !reason.is_empty(), "{args:?}: {code}: {reason}");
    }
}
