//! Writes attributes as a JSON object.

use crate::push::push;
use milepost_domain::{AttributeValue, Attributes};

pub(crate) fn push_attributes(out: &mut Vec<u8>, attributes: &Attributes) {
    for (index, (name, value)) in attributes.iter().enumerate() {
        out.push(if index == 0 { b'{' } else { b',' });
        push_text(out, name);
        out.push(b':');
        match value {
            AttributeValue::Number(number) => push!(out, "{number}"),
            AttributeValue::Flag(flag) => push!(out, "{flag}"),
            AttributeValue::Text(text) => push_text(out, text),
        }
    }
    out.push(b'}');
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("writing a string to a Vec does not fail");
}
