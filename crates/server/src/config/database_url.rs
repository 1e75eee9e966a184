//! Checks a database's URL. The library ignores a misspelt parameter, even one that asks for encryption.

/// The known parameters of a `postgres://` URL.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// Values of `sslmode`. `allow` is missing, because the library treats it as never.
const SSL_MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

/// # Errors
/// A description of the expected URL.
pub(super) fn check_database_url(url: &str) -> Result<(), String> {
    if url.starts_with("sqlite:") {
        return Ok(());
    }
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err("must begin with sqlite:// or postgres://".to_owned());
    }
    let query = url.split_once('?').map_or("", |(_, query)| query);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !PARAMETERS.contains(&name) && !name.starts_with("options[") && !name.starts_with("options%5B") {
            return Err(format!("has the parameter {name}, which is unknown; there are {}", PARAMETERS.join(", ")));
        }
        if matches!(name, "sslmode" | "ssl-mode") && !SSL_MODES.contains(&value) {
            return Err(format!("has an sslmode that must be one of {}", SSL_MODES.join(", ")));
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::check_database_url;

    #[test]
    fn a_misspelt_parameter_is_named() {
        let refused = |url: &str| check_database_url(url).unwrap_err();
        assert!(refused("postgres://db/x?sslmod=require").contains("sslmod,"));
        assert!(refused("postgres://db/x?sslmode=requre").contains("verify-full"));
        assert!(refused("mysql://db/x").contains("sqlite:// or postgres://"));
        for good in ["sqlite://x.db", "postgres://u:p@db/x?sslmode=require&options[work_mem]=1MB", "postgresql://db"] {
            check_database_url(good).unwrap();
        }
    }
}
