//! Reads a dump of a Traccar's database: `INSERT` of mysqldump and of H2's `SCRIPT`, and `COPY` and `INSERT` of `pg_dump`.

use crate::copy_text::split;
use crate::objects::{POSITIONS, kind_of_table, kinds_of_links, link_of};
use crate::position_row::{Batcher, Cell, PositionColumns, vehicle_of};
use crate::scanner::Scanner;
use crate::{Batch, Found, Objects, SourceError, Vehicles};
use jiff::tz::TimeZone;
use milepost_domain::Timestamp;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Columns of one table; a dump with more is refused.
const MAX_COLUMNS: usize = 1_000;
/// Tables; a dump with more is refused.
const MAX_TABLES: usize = 10_000;
/// What is looked at to see which database wrote the dump.
const HEAD_BYTES: usize = 4 * 1024;

pub(crate) struct Dump {
    path: PathBuf,
    zone: TimeZone,
}

impl Dump {
    pub(crate) fn open(path: &Path, zone: TimeZone) -> Result<Self, SourceError> {
        let mut head = [0; 5];
        let read = File::open(path)?.read(&mut head)?;
        let advice = match &head[..read] {
            [b'P', b'G', b'D', b'M', b'P'] => "is in pg_dump's own format: write it with --format=plain",
            [0x1f, 0x8b, ..] => "is compressed: unpack it with gunzip",
            [b'P', b'K', ..] => "is an archive: unpack it",
            [b'H', b':', ..] => "is H2's own file: write a dump with SCRIPT TO 'traccar.sql'",
            _ => return Ok(Self { path: path.to_owned(), zone }),
        };
        Err(SourceError::Refused(format!("{} {advice}", path.display())))
    }

    pub(crate) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        format!("file:{}", name.to_string_lossy())
    }

    pub(crate) fn read_objects(&self) -> Result<Objects, SourceError> {
        let (mut objects, mut others, mut positions) = (Objects::default(), BTreeMap::<String, u64>::new(), 0);
        self.read_rows(|table, columns, cells| {
            if let Some(kind) = kind_of_table(table) {
                let cells = cells.iter().map(|cell| cell.as_deref().map(str::to_owned)).collect();
                return objects.add(kind, Found::Row { columns: Arc::clone(columns), cells });
            }
            if let Some(kinds) = kinds_of_links(table) {
                let cell = |at: usize| cells.get(at).and_then(|cell| cell.as_deref());
                return link_of(kinds, cell(0), cell(1)).map_or(Ok(()), |link| objects.add_link(link));
            }
            if table == POSITIONS {
                positions += 1;
            } else if table.starts_with("tc_") {
                *others.entry(table.to_owned()).or_default() += 1;
            }
            Ok(())
        })?;
        objects.positions = Some(positions);
        objects.left = others.into_iter().collect();
        objects.checked()
    }

    /// Positions come in the order of the file. An import that was ended begins anew: what is stored already is not stored twice.
    pub(crate) fn send_positions(
        self,
        vehicles: &Vehicles,
        now: Timestamp,
        batches: &mpsc::Sender<Batch>,
    ) -> Result<(), SourceError> {
        let mut batcher = Batcher::new(batches, now);
        let mut known: Option<(Arc<[String]>, PositionColumns)> = None;
        let zone = self.zone.clone();
        self.read_rows(|table, columns, cells| {
            if table != POSITIONS {
                return Ok(());
            }
            if known.as_ref().is_none_or(|(names, _)| !Arc::ptr_eq(names, columns)) {
                let found = PositionColumns::named(columns);
                let found =
                    found.ok_or_else(|| SourceError::Refused(format!("{POSITIONS} lacks a column of Traccar's")))?;
                known = Some((Arc::clone(columns), found));
            }
            let Some((_, places)) = &known else { return Ok(()) };
            if let Some(vehicle) = vehicle_of(vehicles, places.device(cells))
                && batcher.take(vehicle, &places.report(cells, &zone))
            {
                batcher.send_blocking(None)?;
            }
            Ok(())
        })?;
        batcher.send_blocking(None)
    }

    fn read_rows(
        &self,
        each: impl FnMut(&str, &Arc<[String]>, &[Cell<'_>]) -> Result<(), SourceError>,
    ) -> Result<(), SourceError> {
        read_rows(File::open(&self.path)?, each)
    }
}

/// Calls `each` with the table, the columns and the values of every row.
fn read_rows(
    input: impl Read,
    mut each: impl FnMut(&str, &Arc<[String]>, &[Cell<'_>]) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let mut scanner = Scanner::new(input);
    let head = String::from_utf8_lossy(scanner.ahead(HEAD_BYTES)?).into_owned();
    scanner.has_escapes = head.contains("MySQL dump") || head.contains("MariaDB dump");
    let mut tables: HashMap<String, Arc<[String]>> = HashMap::new();
    loop {
        let word = scanner.word()?.to_ascii_uppercase();
        match word.as_str() {
            "CREATE" => read_create(&mut scanner, &mut tables)?,
            "INSERT" | "REPLACE" => {
                read_insert(&mut scanner, &tables, &mut each)?;
                continue;
            }
            "COPY" => {
                read_copy(&mut scanner, &mut each)?;
                continue;
            }
            // psql's own commands end with the line.
            "" if scanner.peek()? == Some(b'\\') => {
                scanner.line()?;
                continue;
            }
            _ => {}
        }
        if !scanner.skip_statement()? {
            return Ok(());
        }
    }
}

/// Notes the columns of a table, for rows that do not name them.
fn read_create<R: Read>(
    scanner: &mut Scanner<R>,
    tables: &mut HashMap<String, Arc<[String]>>,
) -> Result<(), SourceError> {
    loop {
        match scanner.word()?.to_ascii_uppercase().as_str() {
            "TABLE" => break,
            "CACHED" | "MEMORY" | "LOCAL" | "GLOBAL" | "TEMPORARY" | "UNLOGGED" => {}
            _ => return Ok(()),
        }
    }
    let mut table = scanner.last_name()?;
    if table == "if" {
        for _ in ["not", "exists"] {
            scanner.word()?;
        }
        table = scanner.last_name()?;
    }
    if !scanner.take_if(b'(')? {
        return Ok(());
    }
    let mut columns = Vec::new();
    loop {
        scanner.skip_blanks()?;
        let is_quoted = matches!(scanner.peek()?, Some(b'`' | b'"'));
        let name = scanner.name()?;
        let is_constraint = !is_quoted
            && matches!(
                name.to_ascii_uppercase().as_str(),
                "" | "PRIMARY"
                    | "UNIQUE"
                    | "KEY"
                    | "CONSTRAINT"
                    | "INDEX"
                    | "FOREIGN"
                    | "CHECK"
                    | "FULLTEXT"
                    | "SPATIAL"
            );
        if !is_constraint {
            columns.push(name.to_lowercase());
        }
        if columns.len() > MAX_COLUMNS || tables.len() > MAX_TABLES {
            return Err(scanner.wrong("it has too many tables or columns"));
        }
        if !skip_to_comma(scanner)? {
            tables.insert(table, columns.into());
            return Ok(());
        }
    }
}

/// Skips the rest of a column. False behind the last one.
fn skip_to_comma<R: Read>(scanner: &mut Scanner<R>) -> Result<bool, SourceError> {
    loop {
        scanner.skip_blanks()?;
        match scanner.peek()? {
            None => return Err(scanner.wrong("it ends in the middle")),
            Some(b'\'') => drop(scanner.value()?),
            Some(b'`' | b'"') => drop(scanner.name()?),
            Some(byte) => {
                scanner.take()?;
                match byte {
                    b',' => return Ok(true),
                    b')' => return Ok(false),
                    b'(' => scanner.skip_to_end_of_brackets()?,
                    _ => {}
                }
            }
        }
    }
}

fn names<R: Read>(scanner: &mut Scanner<R>) -> Result<Arc<[String]>, SourceError> {
    let mut columns = Vec::new();
    loop {
        columns.push(scanner.name()?.to_lowercase());
        if columns.len() > MAX_COLUMNS {
            return Err(scanner.wrong("it has too many columns"));
        }
        if !scanner.take_if(b',')? {
            scanner.expect(b')', "a column is expected")?;
            return Ok(columns.into());
        }
    }
}

fn read_insert<R: Read>(
    scanner: &mut Scanner<R>,
    tables: &HashMap<String, Arc<[String]>>,
    each: &mut impl FnMut(&str, &Arc<[String]>, &[Cell<'_>]) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    while !scanner.word()?.eq_ignore_ascii_case("into") {
        if scanner.peek()?.is_none_or(|byte| byte == b';') {
            return Err(scanner.wrong("INSERT without INTO"));
        }
    }
    let table = scanner.last_name()?;
    let named = if scanner.take_if(b'(')? { Some(names(scanner)?) } else { None };
    let unknown: Arc<[String]> = Vec::new().into();
    let columns = named.or_else(|| tables.get(&table).cloned()).unwrap_or(unknown);
    let mut word = scanner.word()?;
    while word.eq_ignore_ascii_case("overriding")
        || word.eq_ignore_ascii_case("system")
        || word.eq_ignore_ascii_case("value")
    {
        word = scanner.word()?;
    }
    if !word.eq_ignore_ascii_case("values") {
        // Rows of a query are none that are read.
        scanner.skip_statement()?;
        return Ok(());
    }
    if columns.is_empty() && table.starts_with("tc_") {
        return Err(SourceError::Refused(format!(
            "the columns of {table} are not known: dump the tables together with their rows"
        )));
    }
    loop {
        scanner.expect(b'(', "a row is expected")?;
        let mut cells: Vec<Cell<'_>> = Vec::with_capacity(columns.len());
        loop {
            cells.push(scanner.value()?.map(Cow::Owned));
            if cells.len() > MAX_COLUMNS {
                return Err(scanner.wrong("a row has too many values"));
            }
            if !scanner.take_if(b',')? {
                scanner.expect(b')', "a value is expected")?;
                break;
            }
        }
        each(&table, &columns, &cells)?;
        if !scanner.take_if(b',')? {
            scanner.expect(b';', "the end of INSERT is expected")?;
            return Ok(());
        }
    }
}

fn read_copy<R: Read>(
    scanner: &mut Scanner<R>,
    each: &mut impl FnMut(&str, &Arc<[String]>, &[Cell<'_>]) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let table = scanner.last_name()?;
    scanner.expect(b'(', "COPY without columns")?;
    let columns = names(scanner)?;
    scanner.skip_statement()?;
    scanner.line()?;
    loop {
        let line = scanner.line()?.ok_or_else(|| scanner.wrong("it ends in the middle of a table"))?;
        if line == b"\\." {
            return Ok(());
        }
        let mut cells = Vec::with_capacity(columns.len());
        split(&line, &mut cells);
        each(&table, &columns, &cells)?;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const MYSQL: &str = r#"-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
/*!40101 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS `tc_devices`;
CREATE TABLE `tc_devices` (
  `id` int NOT NULL AUTO_INCREMENT,
  `name` varchar(128) NOT NULL DEFAULT 'a,b)',
  `uniqueid` varchar(128) NOT NULL,
  `disabled` bit(1) DEFAULT b'0',
  `attributes` varchar(4000) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uniqueid` (`uniqueid`),
  CONSTRAINT `fk_x` FOREIGN KEY (`groupid`) REFERENCES `tc_groups` (`id`) ON DELETE SET NULL
) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=utf8mb4;
LOCK TABLES `tc_devices` WRITE;
INSERT INTO `tc_devices` VALUES (1,'Truck; \'one\'','t-1',_binary '\0','{\"speedLimit\":50.0}'),(2,'M\\n','t-2',b'1',NULL);
UNLOCK TABLES;
"#;
    const H2: &str = r#";
CREATE USER IF NOT EXISTS "SA" SALT 'aa' HASH 'bb' ADMIN;
CREATE SEQUENCE "PUBLIC"."S" START WITH 1;
CREATE CACHED TABLE "PUBLIC"."TC_DEVICES"(
    "ID" INTEGER GENERATED BY DEFAULT AS IDENTITY(START WITH 1 RESTART WITH 3) NOT NULL,
    "NAME" CHARACTER VARYING(128) NOT NULL,
    "UNIQUEID" CHARACTER VARYING(128) NOT NULL,
    "DISABLED" BOOLEAN DEFAULT FALSE,
    "ATTRIBUTES" CHARACTER VARYING(4000)
);
ALTER TABLE "PUBLIC"."TC_DEVICES" ADD CONSTRAINT "PUBLIC"."C" PRIMARY KEY("ID");
-- 2 +/- SELECT COUNT(*) FROM PUBLIC.TC_DEVICES;
INSERT INTO "PUBLIC"."TC_DEVICES" VALUES
(1, 'Truck; ''one''', 't-1', FALSE, '{"speedLimit":50.0}'),
(2, 'M\n', 't-2', TRUE, NULL);
"#;
    const PG_DUMP: &str = "--
-- PostgreSQL database dump
--
\\restrict abc
SET client_encoding = 'UTF8';
CREATE FUNCTION public.f() RETURNS void LANGUAGE sql AS $$ select ';' $$;
CREATE TABLE public.tc_devices (
    id integer NOT NULL,
    name character varying(128) NOT NULL
);
COPY public.tc_devices (id, name, uniqueid, disabled, attributes) FROM stdin;
1\tTruck; 'one'\tt-1\tf\t{\"speedLimit\":50.0}
2\tM\\\\n\tt-2\tt\t\\N
\\.

ALTER TABLE ONLY public.tc_devices ADD CONSTRAINT tc_devices_pkey PRIMARY KEY (id);
\\unrestrict abc
";

    #[test]
    fn the_rows_of_every_kind_of_dump_are_the_same() {
        for (name, dump) in [("mysql", MYSQL), ("h2", H2), ("pg_dump", PG_DUMP)] {
            let mut rows = Vec::new();
            read_rows(dump.as_bytes(), |table, columns, cells| {
                assert_eq!(
                    (table, columns.join(" ")),
                    ("tc_devices", "id name uniqueid disabled attributes".to_owned()),
                    "{name}"
                );
                rows.push(cells.iter().map(|cell| cell.as_deref().map(str::to_owned)).collect::<Vec<_>>());
                Ok(())
            })
            .unwrap();
            let text = |row: usize, column: usize| rows[row][column].as_deref();
            assert_eq!(rows.len(), 2, "{name}");
            assert_eq!((text(0, 0), text(0, 1)), (Some("1"), Some("Truck; 'one'")), "{name}");
            assert_eq!((text(1, 1), text(1, 2)), (Some("M\\n"), Some("t-2")), "{name}");
            assert_eq!((text(0, 4), text(1, 4)), (Some("{\"speedLimit\":50.0}"), None), "{name}");
            let is_disabled = |row| crate::position_row::is_true(text(row, 3).unwrap());
            assert_eq!((is_disabled(0), is_disabled(1)), (false, true), "{name}");
        }
    }

    #[test]
    fn a_dump_that_was_cut_off_is_refused() {
        for (dump, end) in [(MYSQL, "'t-2'"), (H2, "'t-2'"), (PG_DUMP, "t-2")] {
            let cut = dump.find(end).unwrap();
            assert!(read_rows(&dump.as_bytes()[..cut], |_, _, _| Ok(())).is_err());
        }
    }
}
