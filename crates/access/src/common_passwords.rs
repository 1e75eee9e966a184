//! Passwords that many people have, and that are therefore guessed first.

use milepost_domain::prepare_password;

/// Those of at least eight characters in the list of Django 5, which Royce Williams made from leaked ones; in the order of their
/// bytes, in lower case.
const COMMON: &str = include_str!("common_passwords.txt");

/// Whether many people have this password, whatever the case of its letters, or it is the user's own name.
pub(crate) fn is_common(password: &str, username: &str) -> bool {
    let typed = prepare_password(password).unwrap_or_else(|| password.to_owned()).to_lowercase();
    typed == username.to_lowercase() || COMMON.lines().any(|common| common == typed)
}

#[cfg(test)]
mod tests {
    use super::{COMMON, is_common};

    #[test]
    fn what_many_people_have_is_known_whatever_its_case() {
        for common in ["password", "Password1", "12345678", "QWERTYUIOP", "iloveyou1", "dispatcher"] {
            assert!(is_common(common, "Dispatcher"), "{common}");
        }
        for fine in ["correct horse battery", "open sesame", "xK3-plum-99"] {
            assert!(!is_common(fine, "ann"), "{fine}");
        }
    }

    #[test]
    fn the_list_has_no_line_that_nobody_could_type() {
        assert!(COMMON.lines().count() > 5_000);
        assert!(COMMON.lines().all(|line| line.len() >= 8 && line == line.trim() && line == line.to_lowercase()));
    }
}
