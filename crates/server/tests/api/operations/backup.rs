//! `milepost backup` and `milepost restore`, on real files and with a server that is running or was killed.

use crate::native::kill_nine::{Killed, start_with};
use crate::support::signing::operator_token;
use crate::support::{SECRET, http_client};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

fn milepost(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
    command.args(args).env_clear().env("MILEPOST_DATA", folder).env("JWT_SECRET", SECRET).current_dir(folder);
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    milepost(folder, args).output().unwrap()
}

/// Runs a command that succeeds: what it says.
fn succeeds(folder: &Path, args: &[&str]) -> String {
    let output = run(folder, args);
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    said
}

fn is_refused(folder: &Path, args: &[&str], expected: &str) {
    let output = run(folder, args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
    assert!(said.contains(expected), "{args:?}: {said}");
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn database(folder: &Path) -> PathBuf {
    folder.join("milepost.db")
}

/// What a program answers that was given a file and a statement of SQL.
/// Runs one statement beside the server.
pub fn sql(file: &Path, statement: &str) -> String {
    let script = "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\nr=c.execute(sys.argv[2]).fetchall()\nc.commit()\n\
        print(r[0][0] if r else '')\n";
    let output = Command::new("python3").args(["-c", script]).arg(file).arg(statement).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn add_vehicle(url: &str, id: &str) -> u16 {
    let body = json!({"id": id, "kind": "bus", "label": id});
    let request = http_client().post(format!("{url}/api/v1/vehicles")).bearer_auth(operator_token()).json(&body);
    request.send().await.map_or(0, |answer| answer.status().as_u16())
}

async fn vehicles(url: &str) -> Vec<String> {
    let path = format!("{url}/api/v1/vehicles?limit=1000");
    let answer = http_client().get(path).bearer_auth(operator_token()).send().await.unwrap();
    let page: Value = answer.json().await.unwrap();
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// A server with one vehicle.
async fn server_with(folder: &Path, vehicle: &str) -> (Killed, String) {
    let (server, url) = start_with(folder, &[]);
    assert_eq!(add_vehicle(&url, vehicle).await, 201);
    (server, url)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_live_server_is_one_moment_and_goes_back() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (server, url) = server_with(folder.path(), "before").await;
    let writing = tokio::spawn(async move {
        let mut number = 0;
        while add_vehicle(&url, &format!("during{number:05}")).await == 201 {
            number += 1;
        }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let backup = folder.path().join("backup.db");
    let said = succeeds(folder.path(), &["backup", text(&backup)]);
    assert!(said.contains("jwt-secret"), "{said}");
    is_refused(folder.path(), &["backup", text(&backup)], "exists already");
    assert!(!folder.path().join("backup.db.partial").exists());
    drop(server);
    writing.await.unwrap();

    succeeds(elsewhere.path(), &["restore", text(&backup)]);
    // Clients can't take ids of this log for ids of that one.
    let name = "select name from feed";
    assert_ne!(sql(&database(elsewhere.path()), name), sql(&backup, name));
    let (_server, url) = start_with(elsewhere.path(), &[]);
    let mut there = vehicles(&url).await;
    assert!(there.contains(&"before".to_owned()) && there.len() > 1, "{there:?}");
    // Those that were added one after the other are there up to one moment, without a gap.
    there.retain(|id| id.starts_with("during"));
    let expected: Vec<_> = (0..there.len()).map(|number| format!("during{number:05}")).collect();
    assert_eq!(there, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_after_a_kill_takes_nothing_of_the_old_log_and_keeps_the_old_database() {
    let folder = tempfile::tempdir().unwrap();
    let (server, url) = server_with(folder.path(), "early").await;
    let backup = folder.path().join("backup.db");
    succeeds(folder.path(), &["backup", text(&backup)]);
    assert_eq!(add_vehicle(&url, "late").await, 201);
    is_refused(folder.path(), &["restore", text(&backup)], "another server uses the database");
    drop(server);
    let log = std::fs::metadata(folder.path().join("milepost.db-wal")).unwrap();
    assert!(log.len() > 0, "the killed server left its log");

    let said = succeeds(folder.path(), &["restore", text(&backup)]);
    let kept = said.lines().find_map(|line| line.strip_prefix("The one before is kept as ")).unwrap();
    assert_eq!(sql(Path::new(kept.trim_end_matches('.')), "select count(*) from vehicles"), "2", "with its log");
    assert_eq!(sql(&database(folder.path()), "pragma integrity_check"), "ok");
    let (_server, url) = start_with(folder.path(), &[]);
    assert_eq!(vehicles(&url).await, ["early"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_whole_backup_of_this_version_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _) = server_with(folder.path(), "here").await;
    let backup = folder.path().join("backup.db");
    succeeds(folder.path(), &["backup", text(&backup)]);
    drop(server);
    let files = || {
        let mut files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
            .into_iter()
            .filter(|path| text(path).contains("milepost.db"))
            .map(|path| std::fs::read(path).unwrap())
            .collect::<Vec<_>>()
    };
    let before = files();
    let changed = |name: &str, change: &dyn Fn(&Path)| {
        let path = folder.path().join(name);
        std::fs::copy(&backup, &path).unwrap();
        change(&path);
        path
    };
    let damaged = changed("damaged.db", &|path| {
        let mut bytes = std::fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8192].fill(0x5a);
        std::fs::write(path, bytes).unwrap();
    });
    let short = changed("short.db", &|path| {
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    });
    let newer = changed("newer.db", &|path| {
        sql(
            path,
            "insert into _sqlx_migrations select 9999, description, installed_on, success, checksum, execution_time from _sqlx_migrations limit 1",
        );
    });
    let logged = changed("logged.db", &|path| std::fs::write(format!("{}-wal", text(path)), "frames").unwrap());
    let foreign = folder.path().join("foreign.db");
    sql(&foreign, "create table t (n integer)");
    let none = folder.path().join("none.db");
    std::fs::write(folder.path().join("text.db"), "hello, this is a file of text and no database at all").unwrap();
    for (path, expected) in [
        (&damaged, "is damaged"),
        (&short, "damaged"),
        (&newer, "was made by a newer version of milepost (migration 9999)"),
        (&logged, "has a log beside it (-wal)"),
        (&foreign, "is not a database of milepost"),
        (&none, "is not there"),
        (&folder.path().join("text.db"), "no database"),
        (&database(folder.path()), "is the database itself"),
    ] {
        is_refused(folder.path(), &["restore", text(path)], expected);
        assert!(files() == before, "{} changed something", path.display());
    }
    // A log whose database is gone would be thrown away, or applied to the new one.
    std::fs::remove_file(database(folder.path())).unwrap();
    is_refused(folder.path(), &["restore", text(&backup)], "was left behind by another file");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_restore_leaves_the_old_or_the_new_database_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (server, url) = server_with(folder.path(), "v0").await;
    let backup = folder.path().join("backup.db");
    succeeds(folder.path(), &["backup", text(&backup)]);
    assert_eq!(add_vehicle(&url, "v1").await, 201);
    drop(server);
    let (mut old, mut new) = (0, 0);
    for round in 0..12_u64 {
        let mut restoring = milepost(folder.path(), &["restore", text(&backup)]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(4 * round));
        let _ = restoring.kill();
        restoring.wait().unwrap();
        match sql(&database(folder.path()), "select count(*) from vehicles").as_str() {
            "1" => new += 1,
            "2" => old += 1,
            other => panic!("{other} vehicles"),
        }
        assert_eq!(sql(&database(folder.path()), "pragma integrity_check"), "ok");
        if new > 0 {
            // Again from the old one, with a log as a killed server leaves it.
            let (server, url) = start_with(folder.path(), &[]);
            assert_eq!(add_vehicle(&url, "v1").await, 201);
            drop(server);
            new = 0;
        }
    }
    assert!(old > 0);
    succeeds(folder.path(), &["restore", text(&backup)]);
    assert_eq!(sql(&database(folder.path()), "select count(*) from vehicles"), "1");
}

#[test]
fn postgres_has_tools_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["backup", "restore"] {
        is_refused(folder.path(), &[command, "x.db", "--database-url", "postgres://localhost/x"], "use pg_dump");
    }
    is_refused(folder.path(), &["backup", "x.db"], "is not there");
}
