//! Rewrites serde's error messages for clients, who don't know Rust types.

/// Rewrites one message: `invalid type: string "x", expected f64` becomes `must be a number`.
pub(crate) fn plain_words(message: &str) -> String {
    // The position in the text is removed, because the problem names the field.
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    if let Some((_, expected)) = message.rsplit_once(", expected ") {
        return match expected.strip_prefix("one of ") {
            Some(names) => format!("must be one of {}", names.replace('`', "")),
            None => format!("must be {}", kind_in_words(expected)),
        };
    }
    if message.starts_with("duplicate field") {
        return "is given twice".to_owned();
    }
    if message.starts_with("missing field") {
        return "is required".to_owned();
    }
    if message.starts_with("unknown field") {
        return "is unknown".to_owned();
    }
    match message {
        "invalid digit found in string"
        | "number too large to fit in target type"
        | "number too small to fit in target type"
        | "cannot parse integer from empty string" => "must be a whole number within its range".to_owned(),
        "invalid float literal" | "cannot parse float from empty string" => "must be a number".to_owned(),
        "provided string was not `true` or `false`" => "must be true or false".to_owned(),
        _ => "can't be read".to_owned(),
    }
}

fn kind_in_words(expected: &str) -> String {
    let words = match expected {
        "f64" | "f32" => "a number",
        "i64" | "i32" | "i16" | "i8" | "i128" => "a whole number",
        "u64" | "u32" | "u128" | "usize" | "a nonzero u64" | "a nonzero u32" => "a whole number from 0",
        "u16" => "a whole number from 0 to 65535",
        "u8" => "a whole number from 0 to 255",
        "a string" | "a borrowed string" | "str" | "a character" | "string or map" => "text",
        "a boolean" | "bool" => "true or false",
        "a sequence" | "any valid JSON value" => "a list",
        "a map" => "an object",
        _ if expected.starts_with("struct ") || expected.starts_with("internally tagged enum ") => "an object",
        _ if expected.starts_with('`') => return expected.replace('`', ""),
        _ if expected.contains("tuple") || expected.contains("sequence") || expected.contains("array") => "a list",
        _ => "of another kind",
    };
    words.to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::plain_words;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[allow(dead_code, reason = "only parsed")]
    enum Colour {
        Red,
        White,
        DarkBlue,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only parsed")]
    struct Inner {
        x: f64,
    }

    #[track_caller]
    fn check<T: for<'de> Deserialize<'de> + std::fmt::Debug>(json: &str, expected: &str) {
        let error = serde_json::from_str::<T>(json).unwrap_err();
        assert_eq!(plain_words(&error.to_string()), expected, "{error}");
    }

    #[test]
    fn no_refusal_names_a_rust_type() {
        check::<f64>(r#""a, expected b""#, "must be a number");
        check::<i64>("1.5", "must be a whole number");
        check::<u32>("-1", "must be a whole number from 0");
        check::<u16>("70000", "must be a whole number from 0 to 65535");
        check::<String>("7", "must be text");
        check::<String>("null", "must be text");
        check::<bool>("\"yes\"", "must be true or false");
        check::<Vec<f64>>("{}", "must be a list");
        check::<Inner>("7", "must be an object");
        check::<std::collections::BTreeMap<String, f64>>("7", "must be an object");
        check::<Colour>("\"green\"", "must be one of red, white, dark_blue");
        assert_eq!(plain_words("unknown variant `x`, expected `a` or `b`"), "must be a or b");
        assert_eq!(plain_words("duplicate field `limit`"), "is given twice");
        assert_eq!(plain_words("invalid digit found in string"), "must be a whole number within its range");
    }
}
