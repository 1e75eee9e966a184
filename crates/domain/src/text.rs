//! Texts that people read, with a bound on their length.

macro_rules! short_text {
    ($(#[$doc:meta])* $name:ident, $field:literal, $max:literal, $message:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// The length of the longest text, in characters.
            pub const MAX_CHARS: usize = $max;

            /// A text as it is entered.
            ///
            /// # Errors
            /// [`Invalid`](crate::Invalid) when empty, too long, with control characters, of characters that show nothing,
            /// or with characters that turn the direction of the text around it.
            pub fn new(text: &str) -> Result<Self, $crate::Invalid> {
                let text = Self::stored(text)?;
                if !$crate::unicode::shows_something(&text.0) {
                    Err($crate::Invalid::new($field, "must have a character that shows something"))
                } else if $crate::unicode::turns_direction(&text.0) {
                    Err($crate::Invalid::new($field, "must not have characters that turn the direction of text"))
                } else {
                    Ok(text)
                }
            }

            /// A text that was accepted when it was entered, possibly by rules that allowed more.
            ///
            /// # Errors
            /// [`Invalid`](crate::Invalid) when empty, too long, or with control characters.
            pub fn stored(text: &str) -> Result<Self, $crate::Invalid> {
                let fits = (1..=Self::MAX_CHARS).contains(&text.chars().count());
                if fits && !text.trim().is_empty() && !text.chars().any(char::is_control) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err($crate::Invalid::new($field, $message))
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

pub(crate) use short_text;
