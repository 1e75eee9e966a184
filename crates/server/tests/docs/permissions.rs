//! Compares the table of roles in `docs/access.md` with the code's table of rules.

use crate::{page, rows};
use milepost_domain::{RULES, Reach, Role, Scope, Who};
use std::collections::BTreeSet;

type Line = (String, String, String);

fn documented() -> BTreeSet<Line> {
    let page = page("docs/access.md");
    let table = page.split("## Who may do what").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut rows = rows(table);
    let roles: Vec<&str> = rows.next().unwrap()[1..].to_vec();
    let mut lines = BTreeSet::new();
    for row in rows {
        let action = row[0].split('`').nth(1).unwrap_or_else(|| panic!("a row without an action: {row:?}"));
        assert_eq!(row.len(), roles.len() + 1, "{action}: a cell is missing");
        for (role, reach) in roles.iter().zip(&row[1..]).filter(|(_, reach)| **reach != "–") {
            lines.insert((action.to_owned(), (*role).to_owned(), (*reach).to_owned()));
        }
    }
    lines
}

fn in_code() -> BTreeSet<Line> {
    let line = |rule: &milepost_domain::Rule| {
        let who = match rule.1 {
            Who::Is(role) => role.as_str(),
            Who::Device => "device",
            Who::Program(scope) => match scope {
                Scope::Read => "token: read",
                Scope::Ingest => "token: ingest",
                Scope::Manage => "token: manage",
            },
        };
        let reach = match rule.2 {
            Reach::Everywhere => "all",
            Reach::Tenant => "tenant",
            Reach::Own => "own",
        };
        (format!("{:?}", rule.0), who.to_owned(), reach.to_owned())
    };
    RULES.iter().map(line).collect()
}

#[test]
fn the_table_of_roles_is_the_table_in_the_code() {
    let (documented, in_code) = (documented(), in_code());
    let missing: Vec<_> = in_code.difference(&documented).collect();
    let wrong: Vec<_> = documented.difference(&in_code).collect();
    assert!(missing.is_empty() && wrong.is_empty(), "missing: {missing:?}, wrong: {wrong:?}");
}

#[test]
fn every_role_has_a_column() {
    let page = page("docs/access.md");
    for role in Role::ALL {
        assert!(page.contains(&format!("| {} |", role.as_str())), "{role:?} has no column");
    }
}
