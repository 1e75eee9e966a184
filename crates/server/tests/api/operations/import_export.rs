//! `milepost import` and `milepost export`, run as a person runs them.

use crate::support::SECRET;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder with files, and the data folder `data` that a command may make in it.
struct Folder(TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, args: &[&str]) -> Answer {
        let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
        command.args(args).env_clear().env("MILEPOST_DATA", "data").env("JWT_SECRET", SECRET).current_dir(self.path());
        Answer::of(&command.output().unwrap())
    }

    fn export(&self, vehicle: &str) -> String {
        let answer = self.run(&["export", "--vehicle", vehicle, "--format", "csv"]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        answer.out
    }
}

struct Answer {
    code: i32,
    out: String,
    err: String,
}

impl Answer {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

#[test]
fn a_dry_run_shows_the_rows_as_understood_and_makes_nothing() {
    let text = "time;lat;N/S;lon;E/W;speed (knots)\n2025-06-01 10:00:00;34,9;S;56,25;W;10\nx;1;N;2;E;3\n";
    let folder = Folder::with(&[("t.csv", text)]);
    let dry = folder.run(&["import", "t.csv", "--vehicle", "b1", "--zone", "-03:00", "--dry-run"]);
    assert_eq!(dry.code, 0, "{}", dry.err);
    assert!(dry.out.contains("line 2: 2025-06-01T10:00:00-03:00, 34.9° S 56.25° W, 18.52 km/h"), "{}", dry.out);
    assert!(dry.out.contains("1 rows can be stored") && dry.out.contains("1 refused"), "{}", dry.out);
    assert!(dry.err.contains("line 3: timestamp \"x\""), "{}", dry.err);
    assert!(!folder.path().join("data").exists());

    let real = folder.run(&["import", "t.csv", "--vehicle", "b1", "--zone", "-03:00"]);
    assert_eq!(real.code, 0, "{}", real.err);
    assert!(folder.export("b1").contains("2025-06-01T13:00:00.000Z,-34.9,-56.25,18.52"));
}

#[test]
fn a_file_that_cannot_be_used_leaves_nothing_behind_and_says_why() {
    let good = "time,lat,lon\n2025-06-01T08:00:00Z,1,2\n";
    let files = [
        ("good.csv", good),
        ("order.csv", "time,lat,lon\n03/04/2025 08:00,1,2\n"),
        ("broken.gpx", "<gpx><trk><trkseg></oops>"),
        ("places.gpx", "<gpx><wpt lat='1' lon='2'><time>2025-06-01T08:00:00Z</time></wpt></gpx>"),
        ("table.csv", "when,where\n1,2\n"),
        ("zip.csv", "PK\u{3}\u{4}"),
    ];
    let folder = Folder::with(&files);
    for (name, why) in [
        ("order.csv", "--date-order"),
        ("broken.gpx", "not well-formed XML"),
        ("places.gpx", "no track"),
        ("table.csv", "the file has when, where"),
        ("zip.csv", "ZIP archive"),
        ("missing.csv", "No such file"),
    ] {
        let refused = folder.run(&["import", "good.csv", name, "--vehicle", "b1"]);
        assert_eq!(refused.code, 1, "{name}");
        assert!(refused.err.contains(name) && refused.err.contains(why), "{name}: {}", refused.err);
        assert!(!folder.path().join("data").exists(), "{name}");
    }
    let read = folder.run(&["import", "good.csv", "order.csv", "--vehicle", "b1", "--date-order", "mdy"]);
    assert!(read.out.contains("Imported 2 positions"), "{} {}", read.out, read.err);
    assert_eq!(folder.run(&["import", "good.csv"]).code, 2);
}

#[test]
fn a_file_that_breaks_off_is_stored_in_part_with_a_word_and_a_code_of_its_own() {
    let point = |n: u32| format!("<trkpt lat='{n}' lon='2'><time>2025-06-01T08:00:{n:02}Z</time></trkpt>");
    let cut = format!("<gpx><trk><trkseg>{}{}<trkpt lat='3", point(1), point(2));
    let rows: String = (0..3).map(|n| format!("x{n},1,2\n")).collect();
    let mostly = format!("time,lat,lon\n2025-06-01T08:00:00Z,1,2\n{rows}");
    let folder = Folder::with(&[("cut.gpx", &cut), ("mostly.csv", &mostly)]);
    for (file, stored, why) in [("cut.gpx", 2, "cut off"), ("mostly.csv", 1, "3 of 4 rows were refused")] {
        for dry_run in [true, false] {
            let mut args = vec!["import", file, "--vehicle", file];
            args.extend(dry_run.then_some("--dry-run"));
            let read = folder.run(&args);
            assert_eq!(read.code, 3, "{file}");
            assert!(read.err.contains("was read in part") && read.err.contains(why), "{file}: {}", read.err);
            assert_eq!(read.out.contains(&format!("Imported {stored} positions")), !dry_run, "{file}: {}", read.out);
        }
    }
}

#[test]
fn what_is_exported_comes_back_whole() {
    let header =
        "timestamp,latitude,longitude,speed_kmh,heading_deg,accuracy_m,altitude_m,odometer_km,fuel_level_l,ignition";
    let row = "2025-06-01T08:00:00.123Z,-16.8,179.5,31.5,359.5,4.5,-12,100.5,60,false";
    let folder = Folder::with(&[("t.csv", &format!("{header}\n{row}\n"))]);
    assert_eq!(folder.run(&["import", "t.csv", "--vehicle", "a"]).code, 0);
    for format in ["csv", "geojson", "gpx", "kml"] {
        let file = format!("out.{format}");
        assert_eq!(folder.run(&["export", "--vehicle", "a", "--format", format, "-o", &file]).code, 0);
        assert_eq!(folder.run(&["import", &file, "--vehicle", format]).code, 0);
        assert!(folder.export(format).contains(&format!("{format},{row}")), "{format}: {}", folder.export(format));
    }
}

#[test]
fn commands_that_read_make_no_database() {
    let folder = Folder::with(&[]);
    let export = folder.run(&["export", "--vehicle", "a", "--format", "csv", "-o", "out.csv"]);
    assert_eq!(export.code, 1);
    assert!(export.err.contains("there is no database data/milepost.db"), "{}", export.err);
    assert!(export.err.contains("MILEPOST_DATA") && export.err.contains("DATABASE_URL"), "{}", export.err);
    assert!(folder.run(&["migrate", "--pending"]).out.contains("Pending: "));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
