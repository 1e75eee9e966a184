//! Runs every `sh` example with a curl in it unchanged, in the order of its page, against a real server.

use crate::page;
use std::process::Command;

/// Pages whose examples start their own server. The examples of other pages find one running at `$U`.
const SELF_CONTAINED: &[&str] = &["README.md"];
const WITH_SERVER: &[&str] = &[
    "docs/access.md",
    "docs/devices.md",
    "docs/privacy.md",
    "docs/reports.md",
    "docs/rest.md",
    "docs/setting-up.md",
    "docs/transit.md",
    "docs/webhooks.md",
];

/// A curl that fails on every answer of 400 and above, so that the test fails too.
const CURL: &str = r#"
set -euo pipefail
curl() { command curl --silent --show-error --fail "$@"; }
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
"#;

const START: &str = r"
milepost serve >serve.log 2>&1 &
U=http://127.0.0.1:8080
until curl -sf $U/ready >/dev/null; do sleep 0.1; done
T=$(milepost token --sub ops --role admin)
";

/// The page's `sh` blocks that call the server, joined to one script.
fn script(page: &str) -> String {
    let blocks = page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let script: String = blocks.filter(|block| block.contains("curl")).collect();
    assert!(script.contains("curl"), "the page has no example that calls the server");
    // The binary under test replaces the one that this line builds.
    script.replace("make build && export PATH=$PWD/target/release:$PATH", "")
}

fn run(name: &str, prelude: &str) {
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let script = format!("{CURL}{prelude}{}", script(&page(name))).replace(":8080", &format!(":{port}"));
    let binaries = std::path::Path::new(env!("CARGO_BIN_EXE_milepost")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    let output = Command::new("timeout")
        .args(["120", "bash", "-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("MILEPOST_LISTEN", format!("127.0.0.1:{port}"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{name}:\n{}\n{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn every_example_of_the_documentation_runs_as_it_stands() {
    if Command::new("curl").arg("--version").output().is_err() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "curl is not installed");
        eprintln!("left out: the examples of the documentation, curl is not installed");
        return;
    }
    for name in SELF_CONTAINED {
        run(name, "");
    }
    for name in WITH_SERVER {
        run(name, START);
    }
}

#[test]
fn no_page_with_a_curl_example_is_forgotten() {
    let folder = crate::repository().join("docs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = format!("docs/{}", entry.unwrap().file_name().into_string().unwrap());
        let is_listed = WITH_SERVER.contains(&name.as_str()) || SELF_CONTAINED.contains(&name.as_str());
        if name.ends_with(".md") && !is_listed {
            let page = page(&name);
            let mut blocks = page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
            assert!(blocks.all(|block| !block.contains("curl")), "{name} has an example that no test runs");
        }
    }
}
