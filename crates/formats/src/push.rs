//! Formatted text for byte buffers.

/// Appends formatted text to a `Vec`.
macro_rules! push {
    ($out:expr, $($text:tt)*) => {
        std::io::Write::write_fmt($out, format_args!($($text)*)).expect("writing to a Vec does not fail")
    };
}
pub(crate) use push;
