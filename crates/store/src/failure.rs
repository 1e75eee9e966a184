//! Converts the databases' error codes to the store's errors.

use crate::StoreError;
use milepost_domain::Invalid;
use sqlx::error::ErrorKind;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refusal) => match refusal.kind() {
                ErrorKind::UniqueViolation => Self::Conflict("row"),
                ErrorKind::ForeignKeyViolation => Self::NotFound("row"),
                _ => match refusal.code() {
                    Some(code) if is_contention(&code) => Self::Contended(error.to_string()),
                    Some(code) if is_passing(&code) => Self::Unavailable(error.to_string()),
                    _ => Self::Corrupt(error.to_string()),
                },
            },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error.to_string()),
            sqlx::Error::Configuration(_) => Self::Refused(error.to_string()),
            _ => Self::Corrupt(error.to_string()),
        }
    }
}

/// Converts an error of a statement with one unique value, `name`.
pub(crate) fn taken(name: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |error| match StoreError::from(error) {
        StoreError::Conflict(_) => StoreError::Conflict(name),
        other => other,
    }
}

/// Converts an error of a statement with one unique value, and one reference to a `missing` object.
pub(crate) fn taken_or_missing(name: &'static str, missing: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |error| match taken(name)(error) {
        StoreError::NotFound(_) => StoreError::NotFound(missing),
        other => other,
    }
}

/// Converts an error of the first connection to PostgreSQL. Later, a refused login or a missing database may be
/// temporary, such as during a restore. At the start it is a mistake in the URL, and waiting silently would hide it.
pub(crate) fn refused_at_start(error: sqlx::Error, by_socket_file: bool) -> StoreError {
    let will_not_pass = match &error {
        // A certificate file is missing. For a socket file the same error means only that the server is down.
        sqlx::Error::Io(failure) if failure.kind() == std::io::ErrorKind::NotFound && !by_socket_file => {
            return StoreError::Refused(format!("can't read sslrootcert, sslcert or sslkey: {failure}"));
        }
        // PgBouncer's answer to what every client of this library says.
        sqlx::Error::Database(refusal) if refusal.message().contains("unsupported startup parameter") => {
            return StoreError::Refused(format!(
                "{}: PgBouncer needs ignore_startup_parameters = extra_float_digits, and pool_mode = session",
                refusal.message()
            ));
        }
        sqlx::Error::Tls(_) => true,
        // Rustls does not trust the server's certificate.
        sqlx::Error::Io(failure) if failure.kind() == std::io::ErrorKind::InvalidData => true,
        sqlx::Error::Database(refusal) => {
            matches!(refusal.code().as_deref(), Some("28000" | "28P01" | "3D000" | "42704" | "22023" | "42501"))
        }
        _ => false,
    };
    if will_not_pass { StoreError::Refused(error.to_string()) } else { error.into() }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        const UNIQUE: [i32; 2] = [rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE, rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY];
        match error.sqlite_error().map(|failure| failure.extended_code) {
            Some(code) if UNIQUE.contains(&code) => Self::Conflict("row"),
            Some(rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => Self::NotFound("row"),
            Some(code) if is_passing_in_sqlite(code.unsigned_abs() & 0xff) => Self::Unavailable(error.to_string()),
            _ => Self::Corrupt(error.to_string()),
        }
    }
}

impl From<Invalid> for StoreError {
    /// A stored value that is invalid for its type.
    fn from(invalid: Invalid) -> Self {
        Self::Corrupt(invalid.to_string())
    }
}

/// Whether the state of the database caused the error, and not the statement, so that it may pass. SQLite's codes are
/// numbers, whose low byte is the primary code. PostgreSQL's have five characters, of which the first two are the
/// class.
fn is_passing(code: &str) -> bool {
    // A SQLSTATE has five characters; SQLite's numbers have at most four.
    if code.len() != 5 {
        return code.parse::<u32>().is_ok_and(|code| is_passing_in_sqlite(code & 0xff));
    }
    matches!(
        &code[..2],
        "08"        // connection
        | "53"      // disk full, out of memory, too many connections
        | "57"      // shutting down, cancelled (statement timeout)
        | "58" // system errors, such as files that can't be read
    ) || matches!(
        code,
        "25006"     // read only: a standby, or set by an administrator
        | "25P03"   // idle in transaction for too long
        | "55P03"   // lock not available in time
        | "55006"   // object in use
        | "3D000"   // the database does not exist at the moment
        | "28000" | "28P01" // login refused at the moment
        | "42P01" // the table does not exist, as during a restore
    )
}

/// Whether PostgreSQL undid the transaction for the sake of another one, so that trying again is right.
fn is_contention(code: &str) -> bool {
    matches!(code, "40001" | "40P01")
}

/// Checks SQLite's primary result code.
fn is_passing_in_sqlite(code: u32) -> bool {
    matches!(
        code,
        3           // PERM
        | 5 | 6     // BUSY, LOCKED
        | 7         // NOMEM
        | 8         // READONLY
        | 9         // INTERRUPT
        | 10        // IOERR
        | 13        // FULL
        | 14        // CANTOPEN
        | 15        // PROTOCOL: locking
        | 22 | 23 // NOLFS, AUTH
    )
}

#[cfg(test)]
mod tests {
    use super::is_passing;

    #[test]
    fn temporary_failures_differ_from_faults() {
        for passing in ["5", "261", "8", "1032", "13", "778", "14", "53100", "57P01", "08006", "25006"] {
            assert!(is_passing(passing), "{passing}");
        }
        for fault in ["1", "11", "26", "19", "42601", "22003", "XX001", ""] {
            assert!(!is_passing(fault), "{fault}");
        }
    }
}
