//! Evidence files: what one is, its content says, whatever its name or its sender.

use std::io::Cursor;

use image::{ImageFormat, ImageReader};

use crate::domain::evidence_file::FileMedia;
use crate::domain::refusal::{Code, Refusal};

/// Pixels of a side at most: more than any telephone takes, and few enough for any viewer.
const LONGEST_SIDE: u32 = 20_000;
/// Pixels in all.
const MOST_PIXELS: u64 = 120_000_000;
/// Where the end of a PDF is looked for, as its readers do.
const TAIL: usize = 1024;

/// Judges a file by its content: whether it is what its sender says, can be read as such, and has a size that a viewer can
/// show. Pixels are not unpacked.
///
/// # Errors
/// `BODY_MALFORMED`.
pub fn judge(bytes: &[u8], said: FileMedia) -> Result<(), Refusal> {
    let wrong = |found: &str, expected: &str| Refusal::of(Code::BodyMalformed).found(found).expected(expected);
    let Some(found) = media_of(bytes) else {
        return Err(wrong("content of another form", "a JPEG or PNG image, or a PDF document"));
    };
    if found != said {
        return Err(wrong(&format!("content of the form {found}"), &format!("Content-Type: {found}")));
    }
    match found {
        FileMedia::Jpeg => judge_picture(bytes, ImageFormat::Jpeg),
        FileMedia::Png => judge_picture(bytes, ImageFormat::Png),
        FileMedia::Pdf if has_end(bytes) => Ok(()),
        FileMedia::Pdf => Err(wrong("a PDF document without its end", "a whole file")),
    }
}

/// The form that the first bytes of a file say.
fn media_of(bytes: &[u8]) -> Option<FileMedia> {
    if bytes.starts_with(b"%PDF-1.") || bytes.starts_with(b"%PDF-2.") {
        return Some(FileMedia::Pdf);
    }
    match image::guess_format(bytes) {
        Ok(ImageFormat::Jpeg) => Some(FileMedia::Jpeg),
        Ok(ImageFormat::Png) => Some(FileMedia::Png),
        _ => None,
    }
}

fn judge_picture(bytes: &[u8], format: ImageFormat) -> Result<(), Refusal> {
    let refused = Refusal::of(Code::BodyMalformed);
    let read = ImageReader::with_format(Cursor::new(bytes), format).into_dimensions();
    let Ok((width, height)) = read else {
        return Err(refused.found("an image that cannot be read").expected("a whole image"));
    };
    let fits = width <= LONGEST_SIDE && height <= LONGEST_SIDE && u64::from(width) * u64::from(height) <= MOST_PIXELS;
    if width > 0 && height > 0 && fits {
        return Ok(());
    }
    let expected = format!("at most {LONGEST_SIDE} pixels a side and {MOST_PIXELS} in all");
    Err(refused.found(format!("{width} × {height} pixels")).expected(expected))
}

fn has_end(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
    tail.windows(5).any(|window| window == b"%%EOF")
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma};

    use super::*;

    fn picture(format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        GrayImage::from_pixel(3, 2, Luma([7])).write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

    #[test]
    fn content_says_what_a_file_is() {
        let files = [
            (picture(ImageFormat::Jpeg), FileMedia::Jpeg),
            (picture(ImageFormat::Png), FileMedia::Png),
            (PDF.to_vec(), FileMedia::Pdf),
        ];
        for (bytes, media) in &files {
            for said in FileMedia::ALL {
                let judged = judge(bytes, *said);
                assert_eq!(judged.is_ok(), said == media, "{said} of {media}: {judged:?}");
            }
        }
    }

    #[test]
    fn what_is_none_of_them_or_cut_off_is_refused() {
        let (jpeg, png) = (picture(ImageFormat::Jpeg), picture(ImageFormat::Png));
        let html = b"<html><script>alert(1)</script></html>".as_slice();
        let gif = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;".as_slice();
        for bytes in [
            b"".as_slice(),
            html,
            gif,
            b"\xff\xd8",
            &jpeg[..12],
            &png[..12],
            b"MZ",
            b"%PDF-",
            b"%PDF-1.4\n",
            &PDF[..20],
        ] {
            for said in FileMedia::ALL {
                assert_eq!(judge(bytes, *said).unwrap_err().code, Code::BodyMalformed, "{said} {bytes:?}");
            }
        }
    }

    /// A file of a few bytes that says that it unpacks to gigabytes.
    #[test]
    fn a_picture_of_more_pixels_than_a_viewer_has_is_refused() {
        let mut png = picture(ImageFormat::Png);
        png[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        png[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        let crc = crc(&png[12..29]);
        png[29..33].copy_from_slice(&crc.to_be_bytes());
        let refused = judge(&png, FileMedia::Png).unwrap_err();
        assert_eq!(refused.found.as_deref(), Some("60000 × 60000 pixels"));
    }

    /// CRC-32 of a PNG chunk (ISO/IEC 15948, annex D).
    fn crc(bytes: &[u8]) -> u32 {
        let step = |crc: u32, byte: &u8| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 })
        };
        !bytes.iter().fold(u32::MAX, step)
    }
}
