//! Decodes a picture that somebody sent and encodes it anew: what is stored was written here. Places, cameras and whatever else was in the
//! file are gone.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits};
use milepost_domain::ProofFileKind;
use std::io::Cursor;

/// The bytes of a picture as it is sent. A larger one is answered 413.
pub const MAX_PICTURE_BYTES: usize = 10 * 1024 * 1024;
/// The pixels of a picture. One with more is answered 413, before it is decoded.
const MAX_PIXELS: u64 = 50_000_000;
/// What the decoder may take: 50 megapixels of 4 bytes, and room to work.
const MAX_DECODED_BYTES: u64 = 256 * 1024 * 1024;
/// As phones do. Higher ones cost bytes that nobody sees.
const JPEG_QUALITY: u8 = 85;

/// Why a picture was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureRefused {
    /// It is no JPEG, PNG or WebP, or is damaged.
    NotAPicture,
    /// It has too many pixels or bytes.
    TooLarge,
}

/// A picture that was encoded here.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) bytes: Vec<u8>,
    pub(super) media_type: &'static str,
    pub(super) extension: &'static str,
}

/// A photo becomes a JPEG, a signature a PNG, which keeps thin lines and what is transparent.
pub(super) fn encode_anew(sent: &[u8], kind: ProofFileKind) -> Result<Picture, PictureRefused> {
    if sent.len() > MAX_PICTURE_BYTES {
        return Err(PictureRefused::TooLarge);
    }
    let picture = decode(sent)?;
    let mut bytes = Vec::new();
    let (encoded, media_type, extension) = match kind {
        ProofFileKind::Signature => {
            (picture.to_rgba8().write_with_encoder(PngEncoder::new(&mut bytes)), "image/png", "png")
        }
        ProofFileKind::Photo => {
            let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
            (picture.into_rgb8().write_with_encoder(encoder), "image/jpeg", "jpg")
        }
    };
    encoded.map_err(|_| PictureRefused::TooLarge)?;
    Ok(Picture { bytes, media_type, extension })
}

/// Widths and heights that a small picture may have, each with a JPEG quality: the first that fits is taken.
const SMALL: [(u32, u8); 4] = [(512, 85), (512, 60), (320, 60), (160, 50)];

/// A picture of at most so many bytes, as small as lists show it.
pub(crate) fn encode_small(sent: &[u8], max_bytes: usize) -> Result<Vec<u8>, PictureRefused> {
    let picture = decode(sent)?;
    for (side, quality) in SMALL {
        let is_small = picture.width() <= side && picture.height() <= side;
        let smaller = if is_small { picture.to_rgb8() } else { picture.thumbnail(side, side).to_rgb8() };
        let mut bytes = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
        smaller.write_with_encoder(encoder).map_err(|_| PictureRefused::TooLarge)?;
        if bytes.len() <= max_bytes {
            return Ok(bytes);
        }
    }
    Err(PictureRefused::TooLarge)
}

fn decode(sent: &[u8]) -> Result<DynamicImage, PictureRefused> {
    let reader = ImageReader::new(Cursor::new(sent)).with_guessed_format();
    let mut reader = reader.map_err(|_| PictureRefused::NotAPicture)?;
    if !matches!(reader.format(), Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) {
        return Err(PictureRefused::NotAPicture);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    let refused = |error: ImageError| match error {
        ImageError::Limits(_) => PictureRefused::TooLarge,
        _ => PictureRefused::NotAPicture,
    };
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_DECODED_BYTES {
        return Err(PictureRefused::TooLarge);
    }
    // How it is turned is in what will be gone.
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    Ok(picture)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use image::RgbImage;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        RgbImage::new(width, height).write_with_encoder(PngEncoder::new(&mut bytes)).unwrap();
        bytes
    }

    /// A PNG that says in its head that it has these dimensions.
    fn png_that_claims(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = png(1, 1);
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        // The sum of the head, as CRC-32 of PNG has it.
        let sum = !bytes[12..29].iter().fold(u32::MAX, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 })
        });
        bytes[29..33].copy_from_slice(&sum.to_be_bytes());
        bytes
    }

    #[test]
    fn a_picture_is_written_anew_and_what_was_beside_it_is_gone() {
        let mut sent = png(3, 2);
        sent.extend_from_slice(b"<script>alert(1)</script>GPSLatitude");
        for (kind, format) in [(ProofFileKind::Photo, ImageFormat::Jpeg), (ProofFileKind::Signature, ImageFormat::Png)]
        {
            let picture = encode_anew(&sent, kind).unwrap();
            assert_eq!(image::guess_format(&picture.bytes).unwrap(), format);
            let again = image::load_from_memory(&picture.bytes).unwrap();
            assert_eq!((again.width(), again.height()), (3, 2));
            assert!(!picture.bytes.windows(7).any(|window| window == b"<script" || window == b"GPSLati"));
        }
    }

    #[test]
    fn a_small_picture_fits_whatever_it_shows() {
        // Noise, which no encoder makes small.
        let noise = RgbImage::from_fn(1_500, 700, |x, y| {
            let mixed = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)).wrapping_mul(2_246_822_519);
            image::Rgb(mixed.to_be_bytes()[..3].try_into().unwrap())
        });
        let mut sent = Vec::new();
        noise.write_with_encoder(PngEncoder::new(&mut sent)).unwrap();
        let small = encode_small(&sent, 40_000).unwrap();
        assert!(small.len() <= 40_000, "{}", small.len());
        let again = image::load_from_memory(&small).unwrap();
        assert!(again.width() <= 512 && again.height() * 2 <= again.width(), "{} {}", again.width(), again.height());
        let same = image::load_from_memory(&encode_small(&png(30, 20), 40_000).unwrap()).unwrap();
        assert_eq!((same.width(), same.height()), (30, 20));
        assert_eq!(encode_small(b"no picture", 40_000).unwrap_err(), PictureRefused::NotAPicture);
    }

    #[test]
    fn a_picture_that_is_turned_by_its_camera_is_stored_turned() {
        let mut jpeg = Vec::new();
        RgbImage::new(4, 2).write_with_encoder(JpegEncoder::new(&mut jpeg)).unwrap();
        // An Exif segment with nothing but orientation 6: a quarter to the right.
        let tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let mut segment = vec![0xff, 0xe1, 0, 0];
        segment.extend_from_slice(b"Exif\0\0");
        segment.extend_from_slice(tiff);
        let length = u16::try_from(segment.len() - 2).unwrap();
        segment[2..4].copy_from_slice(&length.to_be_bytes());
        jpeg.splice(2..2, segment);
        let picture = encode_anew(&jpeg, ProofFileKind::Photo).unwrap();
        let again = image::load_from_memory(&picture.bytes).unwrap();
        assert_eq!((again.width(), again.height()), (2, 4));
        assert!(!picture.bytes.windows(4).any(|window| window == b"Exif"));
    }

    #[test]
    fn what_is_no_picture_or_is_too_large_is_refused_without_decoding_it() {
        let mut cut = png(100, 100);
        cut.truncate(60);
        let zeros = vec![0; 1_000];
        for not in
            [&b""[..], b"GIF89a\x01\0\x01\0", b"%PDF-1.4", b"<svg xmlns='http://www.w3.org/2000/svg'/>", &cut, &zeros]
        {
            assert_eq!(encode_anew(not, ProofFileKind::Photo).unwrap_err(), PictureRefused::NotAPicture);
        }
        assert!(encode_anew(&png_that_claims(u32::MAX >> 1, u32::MAX >> 1), ProofFileKind::Photo).is_err());
        for (width, height) in [(50_000, 50_000), (50_001, 1_000)] {
            let refused = encode_anew(&png_that_claims(width, height), ProofFileKind::Photo).unwrap_err();
            assert_eq!(refused, PictureRefused::TooLarge, "{width} x {height}");
        }
        let padded = [png(1, 1), vec![0; MAX_PICTURE_BYTES]].concat();
        assert_eq!(encode_anew(&padded, ProofFileKind::Photo).unwrap_err(), PictureRefused::TooLarge);
    }
}
