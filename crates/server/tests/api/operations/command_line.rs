//! The commands, run as processes.

use crate::support::SECRET;
use crate::transit::timetable::sample::archive;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn milepost(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
    command.args(args).env_clear().env("MILEPOST_DATA", folder).env("JWT_SECRET", SECRET).current_dir(folder);
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    milepost(folder, args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn version_and_help_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    assert!(text(&run(folder.path(), &["--version"]).stdout).starts_with("milepost "));
    let help = text(&run(folder.path(), &["serve", "--help"]).stdout);
    assert!(help.contains("--ws-pong-wait") && help.contains("WS_PONG_WAIT") && help.contains("60s"));
}

#[test]
fn a_setting_that_does_not_fit_stops_the_start_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, value: &str, expected: &str| {
        let output = milepost(folder.path(), &["serve"]).env(name, value).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
    };
    check("WS_PONG_WAIT", "soon", "WS_PONG_WAIT must be a duration");
    check("JWT_SECRET", "short", "JWT_SECRET must have at least 32 bytes");
    check("MILEPOST_LISTEN", "here", "MILEPOST_LISTEN must be an address and port");
    check("JWKS_FILE", "/no/such/file", "JWKS_FILE: can't read");
    std::fs::write(folder.path().join("c.toml"), "listne = \"x\"").unwrap();
    let output = run(folder.path(), &["check-config", "--config", "c.toml"]);
    assert!(text(&output.stderr).contains("listne is no setting"));
}

#[test]
fn check_config_shows_everything_but_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["check-config", "--replay-window", "5m"]);
    let shown = text(&output.stdout);
    assert!(output.status.success());
    assert!(shown.contains("REPLAY_WINDOW") && shown.contains("5m") && shown.contains("(hidden)"));
    assert!(!shown.contains(SECRET));
}

#[test]
fn a_generated_secret_is_kept_and_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let token = || {
        let mut command = milepost(folder.path(), &["token", "--sub", "5", "--role", "driver"]);
        command.env_remove("JWT_SECRET").output().unwrap()
    };
    // In a wrong folder it makes none: no server would take its tokens.
    let output = token();
    assert!(!output.status.success() && text(&output.stderr).contains("there is no secret in"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    let path = folder.path().join("jwt-secret");
    let mut server = milepost(folder.path(), &["serve", "--listen", "localhost:0"]);
    let mut server = server.env_remove("JWT_SECRET").stdout(std::process::Stdio::null()).spawn().unwrap();
    let begun = std::time::Instant::now();
    while !path.exists() && begun.elapsed() < crate::support::PATIENCE {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    server.kill().unwrap();
    server.wait().unwrap();
    let first = std::fs::read(&path).unwrap();
    assert_eq!(text(&token().stdout).trim().split('.').count(), 3);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    token();
    assert_eq!(std::fs::read(&path).unwrap(), first);
}

#[test]
fn users_are_added_from_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let add = |tenant: &str, password: &str| {
        let arguments = ["user", "add", "ann", "--role", "admin", "--tenant", tenant, "--password-stdin"];
        let mut command = milepost(folder.path(), &arguments);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let short = add("acme", "sesame\n");
    assert!(
        !short.status.success() && text(&short.stderr).contains("at least 8 characters"),
        "{}",
        text(&short.stderr)
    );
    for (tenant, number) in [("acme", 1), ("bolt", 2)] {
        let output = add(tenant, "open sesame\n");
        assert!(output.status.success(), "{}", text(&output.stderr));
        let said = text(&output.stdout);
        assert!(said.starts_with(&format!("Added ann with number {number} (admin, tenant {tenant})")), "{said}");
    }
    let again = add("bolt", "open sesame\n");
    assert!(!again.status.success() && text(&again.stderr).contains("username exists already"));
}

#[test]
fn a_track_is_imported_once_and_exported() {
    let folder = tempfile::tempdir().unwrap();
    let csv = "timestamp,latitude,longitude,speed\n\
        2025-01-15T10:00:00Z,30.1,-97.1,10\n2025-01-15T10:00:10Z,30.2,-97.2,20\nnonsense,1,2,3\n";
    std::fs::write(folder.path().join("t.csv"), csv).unwrap();
    let import = |times: &str| {
        let output = run(folder.path(), &["import", "t.csv", "--vehicle", "b1", "--speed-unit", "mph"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains(times), "{}", text(&output.stdout));
    };
    import("Imported 2 positions of b1; 0 were there already, 1 rows could not be read.");
    import("Imported 0 positions of b1; 2 were there already");
    let gpx = text(&run(folder.path(), &["export", "--vehicle", "b1", "--format", "gpx"]).stdout);
    assert_eq!(gpx.matches("<trkpt").count(), 2);
    let csv = text(&run(folder.path(), &["export", "--vehicle", "b1", "--format", "csv"]).stdout);
    assert!(csv.contains("32.18"), "20 mph are 32.19 km/h: {csv}");
    assert!(!run(folder.path(), &["export", "--vehicle", "b2", "--format", "gpx"]).status.success());
}

#[test]
fn a_timetable_is_checked_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("line-7.zip", &archive(|_, text| Some(text.to_owned())));
    write("no-trips.zip", &archive(|name, text| (name != "trips.txt").then(|| text.to_owned())));
    write("no.zip", b"no archive");
    let import = |args: &[&str]| run(folder.path(), &[&["import", "gtfs"], args].concat());
    let shown = import(&["line-7.zip", "--tenant", "acme", "--dry-run"]);
    assert!(text(&shown.stdout).starts_with("2 routes, 6 stops, 5 trips, "), "{}", text(&shown.stdout));
    assert!(text(&shown.stdout).contains("Nothing was stored"));
    assert!(!folder.path().join("milepost.db").exists(), "a dry run makes no database");
    let stored = import(&["line-7.zip", "--tenant", "acme"]);
    assert!(text(&stored.stdout).contains("The timetable of acme was replaced."), "{}", text(&stored.stderr));
    for (bad, why) in
        [("no-trips.zip", "trips.txt is missing"), ("no.zip", "it is no ZIP archive"), ("none.zip", "none.zip")]
    {
        let refused = import(&[bad]);
        assert_eq!(refused.status.code(), Some(1), "{bad}");
        assert!(text(&refused.stderr).contains(why), "{}", text(&refused.stderr));
    }
    assert_eq!(import(&[]).status.code(), Some(2), "no file is named");
}

#[test]
fn migrations_are_shown_applied_and_then_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    assert!(text(&run(folder.path(), &["migrate", "--pending"]).stdout).contains("Pending: "));
    assert!(text(&run(folder.path(), &["migrate"]).stdout).contains("Applied: "));
    assert!(text(&run(folder.path(), &["migrate"]).stdout).contains("up to date"));
}

#[test]
fn a_track_exported_as_gpx_is_imported_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String =
        (0..50).map(|n| format!("2025-01-15T10:00:{n:02}Z,1.1{n:02}4567,-1.76{n:02}321,{n}.3,{}.5\n", n * 7)).collect();
    let csv = format!("timestamp,latitude,longitude,speed,heading\n2025-01-15T09:00:00Z,0,-1,0,0\n{rows}");
    std::fs::write(folder.path().join("t.csv"), csv).unwrap();
    let succeed = |args: &[&str]| {
        let output = run(folder.path(), args);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    succeed(&["import", "t.csv", "--vehicle", "b1"]);
    succeed(&["export", "--vehicle", "b1", "--format", "gpx", "-o", "t.gpx"]);
    assert!(succeed(&["import", "t.gpx", "--vehicle", "b2"]).contains("Imported 51 positions of b2"));
    let before = succeed(&["export", "--vehicle", "b1", "--format", "csv"]);
    let after = succeed(&["export", "--vehicle", "b2", "--format", "csv"]);
    assert_eq!(before.replace("b1", "b2"), after);
}

#[test]
fn an_import_shows_the_first_ten_rows_that_it_could_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (10..60).map(|n| format!("2999-01-15T10:00:{n}Z,1,2\n")).collect();
    let csv = format!("timestamp,latitude,longitude\n2025-01-15T10:00:00Z,1,2\n{rows}");
    std::fs::write(folder.path().join("t.csv"), csv).unwrap();
    let output = run(folder.path(), &["import", "t.csv", "--vehicle", "b1"]);
    assert!(text(&output.stdout).contains("50 rows could not be read"), "{}", text(&output.stdout));
    assert_eq!(text(&output.stderr).matches("timestamp").count(), 10, "{}", text(&output.stderr));
}

#[test]
fn check_config_reads_key_files_and_origins_and_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.pem"), "no key").unwrap();
    let check = |args: &[&str], expected: &str| {
        let data = folder.path().join("data");
        let output = milepost(&data, &[&["check-config"], args].concat())
            .env_remove("JWT_SECRET")
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(!data.exists());
        assert_eq!(output.status.success(), expected.is_empty(), "{args:?} {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(expected), "{args:?} {}", text(&output.stderr));
    };
    check(&[], "");
    check(&["--allowed-origins", "https://a.example.org,maps.example.org"], "ALLOWED_ORIGINS: maps.example.org");
    check(&["--jwt-public-key-file", "missing.pem"], "JWT_PUBLIC_KEY_FILE: can't read missing.pem");
    check(&["--jwt-public-key-file", "bad.pem"], "JWT_PUBLIC_KEY_FILE: bad.pem");
    check(&["--jwks-file", "bad.pem"], "JWKS_FILE: bad.pem");
    check(&["--trusted-proxies", "localhost"], "--trusted-proxies must be addresses or networks");
    check(&["--trusted-proxies", "127.0.0.1, fd00::/8"], "");
}

#[test]
fn the_secret_may_be_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (file, short) = (folder.path().join("secret"), folder.path().join("short"));
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    std::fs::write(&short, "short").unwrap();
    let token = |name: &str, value: &str| {
        let mut command = milepost(folder.path(), &["token", "--sub", "5", "--role", "driver", "--ttl", "1000d"]);
        command.env_remove("JWT_SECRET").env(name, value).output().unwrap()
    };
    let signature = |output: Output| text(&output.stdout).trim().split('.').nth(2).map(str::len);
    assert_eq!(signature(token("JWT_SECRET_FILE", file.to_str().unwrap())), Some(43));
    let refused = |path: &Path| text(&token("JWT_SECRET_FILE", path.to_str().unwrap()).stderr);
    assert!(refused(&short).contains("must hold at least 32 bytes"));
    assert!(refused(&folder.path().join("none")).contains("JWT_SECRET_FILE: can't read"));
    let both = milepost(folder.path(), &["check-config"]).env("JWT_SECRET_FILE", &file).output().unwrap();
    assert_eq!(both.status.code(), Some(2));
    assert!(text(&both.stderr).contains("must not be set beside JWT_SECRET"));
}

#[test]
fn shells_and_man_know_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&run(folder.path(), &["completions", shell]).stdout);
        assert!(script.contains("check-config") && script.contains("ws-pong-wait"), "{shell}");
    }
    let pages = folder.path().join("man1");
    assert!(run(folder.path(), &["man", pages.to_str().unwrap()]).status.success());
    let page = std::fs::read_to_string(pages.join("milepost-token.1")).unwrap();
    assert!(page.contains("\\-\\-ttl") && !page.contains("ws\\-pong\\-wait"), "{page}");
    let help = text(&run(folder.path(), &["token", "--help"]).stdout);
    assert!(help.contains("--ttl") && help.contains("milepost serve --help") && help.lines().count() < 40, "{help}");
}

#[test]
fn the_service_manager_is_told_how_the_server_is() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("notify");
    let manager = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
    let mut server = milepost(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    server.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "100000").stdout(std::process::Stdio::null());
    let mut server = server.spawn().unwrap();
    let told = || {
        let mut message = [0; 100];
        let length = manager.recv(&mut message).unwrap();
        text(&message[..length])
    };
    assert_eq!(told(), "READY=1");
    assert_eq!(told(), "WATCHDOG=1");
    let stop = std::process::Command::new("kill").arg(server.id().to_string()).status().unwrap();
    assert!(stop.success());
    while told() != "STOPPING=1" {}
    assert_eq!(server.wait().unwrap().code(), Some(0));
}
