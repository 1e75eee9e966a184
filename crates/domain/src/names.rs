//! The names of enum values on the wire and in the database.

/// Gives an enum the list of its values and a name for each. The field and the message are those of the refusal of any other
/// name.
macro_rules! named_values {
    ($type:ident, $field:literal, $message:literal, { $($value:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// All values, in the order of declaration.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$value),+];

            /// The name on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $name),+
                }
            }

            /// The value with this name.
            ///
            /// # Errors
            /// [`Invalid`](crate::Invalid) for any other name.
            pub fn parse(name: &str) -> Result<Self, $crate::Invalid> {
                match name {
                    $($name => Ok(Self::$value),)+
                    _ => Err($crate::Invalid::new($field, $message)),
                }
            }
        }
    };
}

pub(crate) use named_values;
