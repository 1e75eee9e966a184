//! What a character is, by the tables of the Unicode Consortium.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{
    BidiClass, DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup, PrependedConcatenationMark,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use std::borrow::Cow;

/// The composed form (NFC), so that one text has one form whatever keyboard wrote it.
pub(crate) fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { ComposingNormalizerBorrowed::new_nfc().normalize(text) }
}

pub(crate) fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

/// Programs that know nothing about such a character show nothing for it: a zero-width space, a filler, a soft hyphen.
pub(crate) fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// A sign that belongs to the letter before it: a vowel sign, a virama, a tone mark, an accent.
pub(crate) fn is_mark(c: char) -> bool {
    matches!(category(c), GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark) && !is_ignorable(c)
}

/// Whether a reader sees anything of the text.
pub(crate) fn shows_something(text: &str) -> bool {
    text.chars().any(|c| c.is_ascii_graphic() || !(c.is_ascii() || is_blank(c)))
}

fn is_blank(c: char) -> bool {
    // The blank pattern of Braille, and the notehead of music that is not drawn, are symbols by their category.
    matches!(c, '\u{2800}' | '\u{1d159}')
        || is_ignorable(c)
        || (GeneralCategoryGroup::Separator.contains(category(c)))
        || c.is_control()
        || (category(c) == GeneralCategory::Format
            && !CodePointSetData::new::<PrependedConcatenationMark>().contains(c))
}

/// Whether the text holds an embedding, an override or an isolate. They turn the direction of the text around them too. The
/// marks U+200E, U+200F and U+061C do not: Arabic and Hebrew labels need them.
pub(crate) fn turns_direction(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(|c| is_directional(bidi_class(c)))
}

pub(crate) fn bidi_class(c: char) -> BidiClass {
    CodePointMapData::<BidiClass>::new().get(c)
}

fn is_directional(class: BidiClass) -> bool {
    [
        BidiClass::LeftToRightEmbedding,
        BidiClass::RightToLeftEmbedding,
        BidiClass::LeftToRightOverride,
        BidiClass::RightToLeftOverride,
        BidiClass::PopDirectionalFormat,
        BidiClass::LeftToRightIsolate,
        BidiClass::RightToLeftIsolate,
        BidiClass::FirstStrongIsolate,
        BidiClass::PopDirectionalIsolate,
    ]
    .contains(&class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_a_reader_sees_is_told_from_text_that_shows_nothing() {
        for blank in [
            "",
            " ",
            "\t",
            "\u{a0}",
            "\u{3000}",
            "\u{200b}",
            "\u{2060}\u{2060}",
            "\u{3164}",
            "\u{ffa0}",
            "\u{2800}",
            "\u{ad}",
            "\u{200d}",
            "\u{200e} \u{200f}",
            "\u{feff}",
            "\u{fe0f}",
            "\u{34f}",
            "\u{2028}",
            "\u{fff9}",
            "\u{e0041}",
            "\u{1d159}",
            "\u{1d173}",
        ] {
            assert!(!shows_something(blank), "{blank:?}");
        }
        for shown in
            ["a", ".", "\u{200b}a", "ж", "バス", "🚌", "\u{600}", "👨\u{200d}👩\u{200d}👧 می\u{200c}روم", "\u{e000}"]
        {
            assert!(shows_something(shown), "{shown:?}");
        }
    }

    #[test]
    fn embeddings_overrides_and_isolates_turn_the_direction_and_marks_do_not() {
        for c in ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}') {
            assert!(turns_direction(&format!("a{c}b")), "{c:?}");
        }
        for text in ["bus 7", "אוטובוס 7\u{200e}", "حافلة\u{200f}", "\u{61c}٧"] {
            assert!(!turns_direction(text), "{text:?}");
        }
    }
}
