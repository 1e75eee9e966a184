//! Compares the numbers in `docs/limits.md` with the constants in the code.

use crate::{page, repository, rows};
use std::path::Path;

/// The values of every constant with this name in a crate, or in the crate's files with the name `file`.
fn constants(krate: &str, file: Option<&str>, name: &str) -> Vec<f64> {
    let folder = ["crates", "crates/dialects", "crates/devices", "tools"]
        .map(|parent| repository().join(parent).join(krate.replace('_', "-")).join("src"))
        .into_iter()
        .find(|folder| folder.is_dir())
        .unwrap_or_else(|| panic!("there is no crate {krate}"));
    let mut found = Vec::new();
    search(&folder, file, &format!("const {name}: "), &mut found);
    found
}

fn search(folder: &Path, file: Option<&str>, wanted: &str, found: &mut Vec<f64>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, file, wanted, found);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && file.is_none_or(|file| path.file_stem().is_some_and(|stem| stem == file))
        {
            let source = std::fs::read_to_string(&path).unwrap();
            for rest in source.split(wanted).skip(1) {
                let definition = rest.split(';').next().unwrap();
                let expression = definition.split_once('=').unwrap().1;
                found.push(value(expression).unwrap_or_else(|| panic!("{wanted}: can't read {expression}")));
            }
        }
    }
}

/// Computes a product of numbers and durations. Durations are in seconds.
fn value(expression: &str) -> Option<f64> {
    let mut product = 1.0;
    for factor in expression.split('*').map(str::trim) {
        let (number, unit) = if let Some(rest) = factor.strip_prefix("Duration::from_secs(") {
            (rest.strip_suffix(')')?, 1.0)
        } else if let Some(rest) = factor.strip_prefix("Duration::from_millis(") {
            (rest.strip_suffix(')')?, 0.001)
        } else {
            (factor, 1.0)
        };
        product *= number.replace('_', "").parse::<f64>().ok()? * unit;
    }
    Some(product)
}

/// The first number of a cell with its unit: `8 MiB`, `1,000 vehicles`, `0.5 s`.
fn stated(cell: &str) -> Option<f64> {
    let mut words = cell.split_whitespace();
    let number: f64 = words.next()?.trim_end_matches(';').replace(',', "").parse().ok()?;
    let unit = match words.next().map(|word| word.trim_end_matches([',', ';', '.'])) {
        Some("KiB") => 1024.0,
        Some("MiB") => 1024.0 * 1024.0,
        Some("ms") => 0.001,
        Some("min") => 60.0,
        Some("h") => 3600.0,
        _ => 1.0,
    };
    Some(number * unit)
}

#[test]
fn every_limit_is_the_constant_that_it_names() {
    let page = page("docs/limits.md");
    let (mut checked, mut wrong) = (0, Vec::new());
    for row in rows(&page) {
        let Some(constant) = row.get(1).and_then(|cell| cell.split('`').nth(1)) else { continue };
        let parts: Vec<&str> = constant.split("::").collect();
        let found = match parts[..] {
            [krate, name] => constants(krate, None, name),
            [krate, file, name] => constants(krate, Some(file), name),
            _ => continue,
        };
        if found.is_empty() {
            wrong.push(format!("{constant} is not there"));
        }
        let stated = stated(row[2]).unwrap_or_else(|| panic!("{constant}: {:?} begins with no number", row[2]));
        for value in found {
            if (stated - value).abs() > value.abs() * 1e-9 {
                wrong.push(format!("{constant} is {value}, the page says {stated}"));
            }
        }
        checked += 1;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(checked > 50, "only {checked} limits were found on the page");
}

#[test]
fn a_wrong_number_is_detected() {
    assert_eq!(value(" 8 * 1024 * 1024").unwrap(), stated("8 MiB").unwrap());
    assert_eq!(value(" Duration::from_millis(500)").unwrap(), stated("500 ms").unwrap());
    assert_eq!(value(" 200_000").unwrap(), stated("200,000 positions").unwrap());
    assert_ne!(value(" Duration::from_secs(5)").unwrap(), stated("6 s").unwrap());
}
