//! Replaces a person's names in texts that are about something else: alerts, messages of others, and notes of proofs.

use super::super::transaction::Transaction;
use super::super::{Connection, Db, Writers};
use super::erase::tenant_no;
use crate::{Person, Result};
use sqlx::{AssertSqlSafe, Row};

/// Rows that are read at once.
const PAGE_ROWS: i64 = 1_000;
/// What stands in the place of a name.
const ERASED: &str = "…";

/// A table whose rows hold texts.
struct Texts {
    table: &'static str,
    key: &'static str,
    has_number_key: bool,
    /// Of the tenant $1.
    within: &'static str,
    columns: &'static [&'static str],
}

impl Texts {
    /// A parameter that holds a key.
    fn key(&self, parameter: &str) -> String {
        if self.has_number_key { format!("cast({parameter} as bigint)") } else { parameter.to_owned() }
    }
}

/// An alert with a name in its subject has none from then on: only whoever raised it would look for it.
const SUBJECT: &str = "subject";

const TEXTS: [Texts; 3] = [
    Texts {
        table: "alerts",
        key: "id",
        has_number_key: false,
        within: "tenant_no = $1",
        columns: &["title", "message", "data", SUBJECT],
    },
    Texts {
        table: "notices",
        key: "notice_no",
        has_number_key: true,
        within: "tenant_no = $1",
        columns: &["message", "fields"],
    },
    Texts {
        table: "proofs",
        key: "proof_no",
        has_number_key: true,
        within: "delivery_no in (select d.delivery_no from deliveries d where d.tenant_no = $1)",
        columns: &["note", "receiver"],
    },
];

pub(crate) async fn erase_names(writers: &Writers, person: &Person) -> Result<()> {
    let Some(tenant_no) = tenant_no(writers, person).await? else { return Ok(()) };
    for texts in &TEXTS {
        let mut after = if texts.has_number_key { "0".to_owned() } else { String::new() };
        loop {
            let mut transaction = Transaction::begin(writers, None).await?;
            let page = erase_page(transaction.connection(), texts, person, tenant_no, &after).await;
            match transaction.finish(page).await? {
                Some(last) => after = last,
                None => break,
            }
        }
    }
    Ok(())
}

/// Returns the key of the last row, if there may be more.
async fn erase_page(
    connection: &mut Connection,
    texts: &Texts,
    person: &Person,
    tenant_no: i64,
    after: &str,
) -> Result<Option<String>> {
    let Texts { table, key, within, columns, .. } = texts;
    let select = format!(
        "select cast({key} as text) as row_key, {} from {table} where {within} and {key} > {} order by {key} limit $3",
        columns.join(", "),
        texts.key("$2")
    );
    let rows = sqlx::query::<Db>(AssertSqlSafe(select))
        .bind(tenant_no)
        .bind(after)
        .bind(PAGE_ROWS)
        .fetch_all(&mut *connection)
        .await?;
    for row in &rows {
        let row_key: String = row.try_get("row_key")?;
        for column in *columns {
            let Some(text) = row.try_get::<Option<String>, _>(*column)? else { continue };
            let Some(erased) = without_names(&text, &person.names) else { continue };
            let update = format!("update {table} set {column} = $1 where {key} = {}", texts.key("$2"));
            sqlx::query::<Db>(AssertSqlSafe(update))
                .bind(Some(erased).filter(|_| *column != SUBJECT))
                .bind(row_key.as_str())
                .execute(&mut *connection)
                .await?;
        }
    }
    match rows.last() {
        Some(last) if i64::try_from(rows.len()).is_ok_and(|rows| rows == PAGE_ROWS) => {
            Ok(Some(last.try_get("row_key")?))
        }
        _ => Ok(None),
    }
}

/// The text without these names, however their letters are written. `None` if it has none of them. A name within a longer word is none.
fn without_names(text: &str, names: &[String]) -> Option<String> {
    let mut erased: Option<String> = None;
    for name in names {
        if let Some(without) = without_name(erased.as_deref().unwrap_or(text), name) {
            erased = Some(without);
        }
    }
    erased
}

fn without_name(text: &str, name: &str) -> Option<String> {
    let name: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    // Each character of the text with its lower case, so that both have the same length.
    let chars: Vec<char> = text.chars().collect();
    let lower = |c: char| c.to_lowercase().next().unwrap_or(c);
    if name.is_empty() {
        return None;
    }
    let (mut erased, mut at, mut found) = (String::with_capacity(text.len()), 0, false);
    while at < chars.len() {
        let end = at + name.len();
        let is_name = chars.get(at..end).is_some_and(|part| part.iter().zip(&name).all(|(c, n)| lower(*c) == *n));
        let begins = at == 0 || !chars[at - 1].is_alphanumeric();
        let ends = chars.get(end).is_none_or(|next| !next.is_alphanumeric());
        if is_name && begins && ends {
            erased.push_str(ERASED);
            (at, found) = (end, true);
        } else {
            erased.push(chars[at]);
            at += 1;
        }
    }
    found.then_some(erased)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_goes_from_a_text_and_a_longer_word_stays() {
        let names = ["Jo Öst".to_owned(), "jo@example.org".to_owned()];
        for (text, without) in [
            ("Jo Öst was late", Some("… was late")),
            ("late: JO ÖST, jo öst.", Some("late: …, ….")),
            ("{\"by\":\"jo@example.org\"}", Some("{\"by\":\"…\"}")),
            ("Jo Österreich", None),
            ("Banjo Öst", None),
            ("nobody", None),
            ("", None),
        ] {
            assert_eq!(without_names(text, &names).as_deref(), without, "{text}");
        }
        assert_eq!(without_names("x", &[String::new()]), None);
    }
}
