//! Prepares usernames and passwords for comparison, by RFC 8264 and RFC 8265 (PRECIS).
//!
//! The classes are derived from the current Unicode tables, as RFC 8264 asks, and not read from the registry's table, which
//! stands at Unicode 6.3 of 2013. NFC comes before the check: the letters of decomposed Korean text are refused one by one.

use crate::unicode::{bidi_class, category, is_ignorable, nfc};
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::props::{
    BidiClass, CanonicalCombiningClass, GeneralCategory as Category, GeneralCategoryGroup as Group, HangulSyllableType,
    JoiningType, Script,
};

/// A string class of RFC 8264, section 4.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Identifier,
    Freeform,
}

/// The form in which usernames are stored and compared (UsernameCasePreserved). `None` if it can't be a username.
pub(crate) fn prepare_username(name: &str) -> Option<String> {
    if name.is_ascii() {
        let allowed = !name.is_empty() && name.trim() == name && !name.chars().any(|c| c.is_ascii_control());
        return allowed.then(|| name.to_owned());
    }
    let narrow = map_width(name);
    let name = nfc(&narrow);
    // Parts with spaces between them.
    let mut parts = name.split(' ').filter(|part| !part.is_empty());
    let allowed = name.trim() == name && parts.all(|part| allows(part, Class::Identifier) && keeps_its_direction(part));
    allowed.then(|| name.into_owned())
}

/// The form in which passwords are hashed (OpaqueString). `None` if it can't be a password.
pub fn prepare_password(password: &str) -> Option<String> {
    let spaced: String =
        password.chars().map(|c| if category(c) == Category::SpaceSeparator { ' ' } else { c }).collect();
    let password = nfc(&spaced);
    (!password.is_empty() && allows(&password, Class::Freeform)).then(|| password.into_owned())
}

/// Fullwidth and halfwidth characters become the usual ones.
fn map_width(text: &str) -> String {
    let is_width_form = |c| matches!(c, '\u{3000}' | '\u{ff01}'..='\u{ffee}');
    if !text.contains(is_width_form) {
        return text.to_owned();
    }
    let usual = ComposingNormalizerBorrowed::new_nfkc();
    let mut mapped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_width_form(c) {
            mapped.push_str(&usual.normalize(c.encode_utf8(&mut [0; 4])));
        } else {
            mapped.push(c);
        }
    }
    mapped
}

fn allows(text: &str, class: Class) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (0..chars.len()).all(|at| allows_at(&chars, at, class))
}

/// Derives the property of a character, by RFC 8264, section 8, and checks the rules of its context.
fn allows_at(chars: &[char], at: usize, class: Class) -> bool {
    let c = chars[at];
    match c {
        '\u{21}'..='\u{7e}' => true,
        // Exceptions (RFC 8264, section 9.6).
        'ß' | 'ς' | '\u{6fd}' | '\u{6fe}' | '\u{f0b}' | '\u{3007}' => true,
        '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' | '\u{3031}'..='\u{3035}' | '\u{303b}' => false,
        '\u{b7}' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{30fb}' | '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => {
            fits_context(chars, at)
        }
        '\u{200c}' | '\u{200d}' => may_join(chars, at),
        _ if is_conjoining_hangul(c) || is_ignorable(c) => false,
        _ => {
            let category = category(c);
            let is_letter_or_digit = Group::CasedLetter
                .union(Group::ModifierLetter)
                .union(Group::OtherLetter)
                .union(Group::DecimalNumber)
                .union(Group::NonspacingMark)
                .union(Group::SpacingMark)
                .contains(category)
                && category != Category::TitlecaseLetter;
            match class {
                Class::Identifier => is_letter_or_digit && !has_compatible_form(c),
                Class::Freeform => {
                    is_letter_or_digit
                        || Group::Letter.contains(category)
                        || Group::Number.contains(category)
                        || Group::Mark.contains(category)
                        || Group::Symbol.contains(category)
                        || Group::Punctuation.contains(category)
                        || category == Category::SpaceSeparator
                }
            }
        }
    }
}

/// Letters of Korean that stand alone, although they make one syllable with others.
fn is_conjoining_hangul(c: char) -> bool {
    use HangulSyllableType as T;
    matches!(CodePointMapData::<T>::new().get(c), T::LeadingJamo | T::VowelJamo | T::TrailingJamo)
}

/// Ligatures, fullwidth letters and others that stand for usual characters.
fn has_compatible_form(c: char) -> bool {
    !ComposingNormalizerBorrowed::new_nfkc().is_normalized(c.encode_utf8(&mut [0; 4]))
}

/// The rules for characters that are allowed in some contexts (RFC 5892, appendix A.3 to A.9).
fn fits_context(chars: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| chars[before]);
    let after = chars.get(at + 1).copied();
    let is_script = |c: Option<char>, script| c.is_some_and(|c| CodePointMapData::<Script>::new().get(c) == script);
    match chars[at] {
        '\u{b7}' => before == Some('l') && after == Some('l'),
        '\u{375}' => is_script(after, Script::Greek),
        '\u{5f3}' | '\u{5f4}' => is_script(before, Script::Hebrew),
        '\u{30fb}' => chars.iter().any(|c| {
            [Script::Hiragana, Script::Katakana, Script::Han].into_iter().any(|script| is_script(Some(*c), script))
        }),
        '\u{660}'..='\u{669}' => !chars.iter().any(|c| matches!(c, '\u{6f0}'..='\u{6f9}')),
        _ => !chars.iter().any(|c| matches!(c, '\u{660}'..='\u{669}')),
    }
}

/// Whether a zero-width joiner or non-joiner changes how its neighbours are drawn (RFC 5892, appendix A.1 and A.2).
pub(crate) fn may_join(chars: &[char], at: usize) -> bool {
    let class = CodePointMapData::<CanonicalCombiningClass>::new();
    if at > 0 && class.get(chars[at - 1]) == CanonicalCombiningClass::Virama {
        return true;
    }
    let joining = |c: &&char| CodePointMapData::<JoiningType>::new().get(**c);
    let next = |c: Option<&char>| c.map(|c| joining(&c));
    let is_transparent = |c: &&char| joining(c) == JoiningType::Transparent;
    let before = next(chars[..at].iter().rev().find(|c| !is_transparent(c)));
    let after = next(chars[at + 1..].iter().find(|c| !is_transparent(c)));
    chars[at] == '\u{200c}'
        && matches!(before, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(after, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

/// The Bidi Rule (RFC 5893, section 2) for text with letters that are written from right to left.
fn keeps_its_direction(text: &str) -> bool {
    use BidiClass as B;
    let classes: Vec<B> = text.chars().map(bidi_class).collect();
    if !classes.iter().any(|class| [B::RightToLeft, B::ArabicLetter, B::ArabicNumber].contains(class)) {
        return true;
    }
    let is_one_of = |class: &B, listed: &[B]| listed.contains(class);
    let neutral = [
        B::EuropeanNumber,
        B::EuropeanSeparator,
        B::CommonSeparator,
        B::EuropeanTerminator,
        B::OtherNeutral,
        B::BoundaryNeutral,
        B::NonspacingMark,
    ];
    let last = classes.iter().rev().find(|class| **class != B::NonspacingMark);
    let starts = classes.first().is_some_and(|class| is_one_of(class, &[B::RightToLeft, B::ArabicLetter]));
    let ends = last
        .is_some_and(|class| is_one_of(class, &[B::RightToLeft, B::ArabicLetter, B::EuropeanNumber, B::ArabicNumber]));
    let right_to_left = [B::RightToLeft, B::ArabicLetter, B::ArabicNumber];
    let inside = classes.iter().all(|class| is_one_of(class, &right_to_left) || is_one_of(class, &neutral));
    let mixes_digits = classes.contains(&B::EuropeanNumber) && classes.contains(&B::ArabicNumber);
    starts && ends && inside && !mixes_digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_have_one_form_whatever_keyboard_wrote_them() {
        for (written, prepared) in [
            ("ann", "ann"),
            ("Ann", "Ann"),
            ("jose\u{301} mun\u{303}oz", "josé muñoz"),
            ("ｄｉｓｐａｔｃｈ", "dispatch"),
            ("ｱﾝﾅ", "アンナ"),
            ("two\u{3000}words", "two words"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("nguye\u{302}\u{303}n", "nguyễn"),
            ("a@example.org", "a@example.org"),
            ("straße", "straße"),
            ("ट्रक", "ट्रक"),
            ("col\u{b7}lega", "col\u{b7}lega"),
            ("می\u{200c}روم", "می\u{200c}روم"),
            ("שלום7", "שלום7"),
            ("𞤀𞤁", "𞤀𞤁"),
            ("𬺰", "𬺰"),
        ] {
            assert_eq!(prepare_username(written).as_deref(), Some(prepared), "{written:?}");
        }
    }

    #[test]
    fn what_nobody_sees_or_can_tell_apart_is_no_username() {
        for name in [
            "",
            " ann",
            "ann ",
            "a\tb",
            "boss\u{2060}",
            "bo\u{ad}ss",
            "\u{202e}ssob",
            "bo\u{200b}ss",
            "bo\u{200d}ss",
            "bo\u{200c}ss",
            "a\u{a0}b",
            "\u{3000}ann",
            "ﬁnn",
            "Ⅳ",
            "a\u{b7}b",
            "🚌",
            "♥",
            "\u{3164}",
            "boss\u{fe0f}",
            "\u{e000}",
            "x\u{661}\u{6f1}",
            "abcשלום",
            "שלוםabc",
            "\u{1100}",
            "\u{378}",
        ] {
            assert_eq!(prepare_username(name), None, "{name:?}");
        }
    }

    #[test]
    fn passwords_have_one_form_and_may_hold_symbols_and_spaces() {
        for (written, prepared) in [
            ("contrasen\u{303}a", "contraseña"),
            (" open\u{a0}sesame\u{3000}", " open sesame "),
            ("π ß ҈ ♥ Ⅳ ﬁ", "π ß ҈ ♥ Ⅳ ﬁ"),
            // Fullwidth letters stay: a password's width is not mapped.
            ("ｐａｓｓ", "ｐａｓｓ"),
            ("🤖🫠", "🤖🫠"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
        ] {
            assert_eq!(prepare_password(written).as_deref(), Some(prepared), "{written:?}");
        }
        for password in ["", "a\tb", "a\u{200b}b", "a\u{202e}b", "\u{2028}", "\u{e000}", "\u{378}", "\u{115f}"] {
            assert_eq!(prepare_password(password), None, "{password:?}");
        }
    }
}
