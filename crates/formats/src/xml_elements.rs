//! The elements of an XML file, one after the other: for GPX and KML.

use crate::encoding::Utf8Input;
use crate::limits::MAX_XML_DEPTH;
use crate::xml::{TokenBound, push_bounded, resolve};
use crate::{ReadError, TextEncoding};
use quick_xml::Reader;
use quick_xml::errors::SyntaxError;
use quick_xml::events::{BytesStart, Event};
use std::io::BufRead;

/// Reads the tags of a file whose first element must be `root`. Entities of a document type are not expanded: a file that
/// uses them, or has a document type, is refused.
pub(crate) struct Elements<R: BufRead> {
    xml: Reader<TokenBound<Utf8Input<R>>>,
    buffer: Vec<u8>,
    root: &'static str,
    seen_root: bool,
    depth: usize,
    /// The last tag was an element without content, which closes at once.
    closes: bool,
    /// The text of the innermost element so far.
    text: String,
}

pub(crate) enum Element {
    Open {
        /// Without its namespace's prefix.
        name: String,
        attributes: Vec<(String, String)>,
    },
    Close {
        /// With its prefix.
        name: String,
        text: String,
    },
    End,
}

const CUT_OFF: &str = "the file ends in the middle: it was cut off";

impl<R: BufRead> Elements<R> {
    pub(crate) fn new(input: R, encoding: Option<TextEncoding>, root: &'static str) -> Self {
        Self {
            xml: Reader::from_reader(TokenBound::new(Utf8Input::new(input, encoding))),
            buffer: Vec::new(),
            root,
            seen_root: false,
            depth: 0,
            closes: false,
            text: String::new(),
        }
    }

    /// The line that is being read, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.xml.get_ref().line()
    }

    pub(crate) fn encoding(&self) -> &'static str {
        self.xml.get_ref().input().encoding()
    }

    /// How many elements are open: after [`Element::Open`] with that one, after [`Element::Close`] without.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// The next tag.
    ///
    /// # Errors
    /// Why the file can't be read on.
    pub(crate) fn next(&mut self) -> Result<Element, ReadError> {
        if std::mem::take(&mut self.closes) {
            self.depth -= 1;
            return Ok(Element::Close { name: String::new(), text: String::new() });
        }
        loop {
            self.buffer.clear();
            self.xml.get_mut().start_token();
            let event = self.xml.read_event_into(&mut self.buffer);
            let line = self.xml.get_ref().line();
            let rest = |reason: String| Err(ReadError::rest(line, reason));
            match event {
                Err(error) if !self.seen_root => {
                    return Err(ReadError::file(line, format!("not well-formed XML: {error}")));
                }
                // All but one of these say that the input ended too early.
                Err(quick_xml::Error::Syntax(error)) if error != SyntaxError::InvalidBangMarkup => {
                    return rest(CUT_OFF.to_owned());
                }
                Err(error) => return rest(format!("not well-formed XML: {error}")),
                Ok(Event::Eof) if self.depth > 0 => return rest(CUT_OFF.to_owned()),
                Ok(Event::Eof) if !self.seen_root => {
                    let reason = format!("the file has no <{}> element", self.root);
                    return Err(ReadError::file(line, reason));
                }
                Ok(Event::Eof) => return Ok(Element::End),
                Ok(Event::DocType(_)) => {
                    return rest("the file has a document type, which is not needed and is not taken".to_owned());
                }
                Ok(Event::Start(tag)) => {
                    if self.depth >= MAX_XML_DEPTH {
                        return rest("elements are nested too deeply".to_owned());
                    }
                    self.depth += 1;
                    self.text.clear();
                    let element = opened(&tag);
                    self.seen_root |= tag.local_name().as_ref() == self.root;
                    return Ok(element);
                }
                Ok(Event::Empty(tag)) => {
                    self.depth += 1;
                    self.closes = true;
                    let element = opened(&tag);
                    self.seen_root |= tag.local_name().as_ref() == self.root;
                    return Ok(element);
                }
                Ok(Event::End(tag)) => {
                    let name = tag.name().as_ref().to_owned();
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Element::Close { name, text: std::mem::take(&mut self.text).trim().to_owned() });
                }
                Ok(Event::Text(text)) => push_bounded(&mut self.text, &text.xml10_content()),
                Ok(Event::CData(text)) => push_bounded(&mut self.text, &text.xml10_content()),
                Ok(Event::GeneralRef(reference)) => match resolve(&reference) {
                    Some(c) => push_bounded(&mut self.text, c.encode_utf8(&mut [0; 4])),
                    None => return rest("the file uses an entity that XML does not define itself".to_owned()),
                },
                Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {}
            }
        }
    }
}

fn opened(tag: &BytesStart<'_>) -> Element {
    let attributes = tag.attributes().flatten();
    let attributes = attributes.map(|found| (found.key.as_ref().to_owned(), found.value.trim().to_owned())).collect();
    Element::Open { name: tag.local_name().as_ref().to_owned(), attributes }
}

/// The number in an attribute.
pub(crate) fn number_of(attributes: &[(String, String)], name: &str) -> Option<f64> {
    attributes.iter().find(|(key, _)| key == name)?.1.parse().ok()
}

/// The name of an element without its namespace's prefix.
pub(crate) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}
