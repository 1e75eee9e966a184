//! How much of a file is held at once. Track files come from anywhere, so each limit says what happens past it.

/// Longest line of a CSV or NMEA file, in bytes. A longer one is skipped and reported; the next is read.
pub const MAX_LINE_BYTES: usize = 64 * 1024;

/// Most columns of a CSV line. A line with more is skipped and reported.
pub const MAX_COLUMNS: usize = 512;

/// Most lines before the header of a CSV file: titles, comments. A file with more is refused.
pub const MAX_PREAMBLE_LINES: usize = 20;

/// Most further lines that a quoted text of a CSV file goes on over. With more its quote counts as never closed.
pub const MAX_QUOTED_LINES: usize = 20;

/// Largest single tag, text or comment of a GPX file, in bytes. A larger one ends the reading with an error.
pub const MAX_XML_TOKEN_BYTES: usize = 256 * 1024;

/// Deepest nesting of elements in a GPX file. Deeper ends the reading with an error.
pub const MAX_XML_DEPTH: usize = 64;

/// Longest text kept of one GPX element, in bytes. What is longer is cut: no number, time or name is that long.
pub const MAX_XML_TEXT_BYTES: usize = 4 * 1024;

/// Largest single feature of a GeoJSON file, in bytes: a line of about half a million vertices. A larger one ends the
/// reading with an error. The file itself may have any number of features.
pub const MAX_FEATURE_BYTES: usize = 32 * 1024 * 1024;

/// Most positions in one track of a KML file, whose places are held in memory. The next ones begin another track of the same
/// path.
pub const MAX_KML_TRACK: usize = 1_000;

/// Most points in one track of a KML file that is read: they can only be used once the track is read. A file with more ends
/// there.
pub const MAX_KML_READ_TRACK: usize = 500_000;
