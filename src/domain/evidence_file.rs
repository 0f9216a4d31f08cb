//! Evidence files: photos and documents about an old item or a redemption. The rules know what a file is of and what its
//! content hashes to; the content itself never comes here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::goods::words;
use super::id::Id;
use super::personal::NewDataKey;
use super::refusal::{Code, Refusal};
use super::time::Moment;

/// Bytes of a file at most.
pub const MOST_BYTES: u32 = 10 * 1024 * 1024;
/// Files about one record at most: the papers and photos of a sale are a dozen.
pub const MOST_FILES: usize = 40;

words! {
    /// The kinds of records that files are about.
    FileAbout {
        /// An old item that was handed in.
        TurnIn = "turn_in",
        /// A redemption.
        Redemption = "redemption",
    }
}

words! {
    /// What a file shows.
    FileKind {
        /// 能效标识
        Label = "label",
        /// 包装上的序列号
        SerialOnPackage = "serial_on_package",
        /// 通电后显示的序列号
        SerialSwitchedOn = "serial_switched_on",
        /// 旧件
        OldItem = "old_item",
        /// 证书、证明
        Certificate = "certificate",
        /// 发票
        Invoice = "invoice",
        /// 送货、安装
        Delivery = "delivery",
        /// 其他照片
        Photo = "photo",
        /// 报废机动车回收证明
        ScrapCertificate = "scrap_certificate",
        /// 机动车注销证明
        CancellationCertificate = "cancellation_certificate",
        /// 二手车销售统一发票
        UsedCarInvoice = "used_car_invoice",
        /// 承诺书
        Pledge = "pledge",
        /// 其他
        Other = "other",
    }
}

words! {
    /// The forms of files, by their media type.
    FileMedia {
        /// A photo.
        Jpeg = "image/jpeg",
        /// A picture of a screen, or a photo.
        Png = "image/png",
        /// A document.
        Pdf = "application/pdf",
    }
}

impl FileMedia {
    /// How the name of such a file ends.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Pdf => "pdf",
        }
    }
}

/// The fact that somebody handed in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceFile {
    /// Identity.
    pub id: Id,
    /// What kind of record it is about.
    pub about: FileAbout,
    /// The record.
    pub subject: Id,
    /// The person whom the record is about, with whose key the file is sealed.
    pub person: Id,
    /// What it shows.
    pub kind: FileKind,
    /// Its form, as its content says.
    pub media: FileMedia,
    /// How many bytes it has.
    pub bytes: u32,
    /// SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// Where it lies: SHA-256 of the file as it is sealed.
    pub blob: String,
    /// The data key with which it is sealed.
    pub data_key: Id,
    /// The organisation that handed it in.
    pub organisation: Id,
    /// Who did it.
    pub uploader: Id,
    /// When.
    pub at: Moment,
}

/// A file as it is handed in: judged, sealed, and in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvidenceFile {
    /// What kind of record it is about.
    pub about: FileAbout,
    /// The record.
    pub subject: Id,
    /// The organisation that hands it in.
    pub organisation: Id,
    /// What it shows.
    pub kind: FileKind,
    /// Its form.
    pub media: FileMedia,
    /// How many bytes it has.
    pub bytes: u32,
    /// SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// SHA-256 of the file as it is sealed.
    pub blob: String,
    /// What it is sealed with; stored with the fact or not at all.
    pub key: NewDataKey,
}

/// Whether a record that has these files, by their digests, takes another one.
///
/// # Errors
/// `WRONG_STATE` when it has this very file, or as many as it may.
pub fn judge_another(files: &BTreeSet<String>, sha256: &str) -> Result<(), Refusal> {
    let wrong = |found: String, expected: String| Err(Refusal::of(Code::WrongState).found(found).expected(expected));
    if files.contains(sha256) {
        return wrong(format!("a file of the record: {sha256}"), "another file".to_owned());
    }
    if files.len() >= MOST_FILES {
        return wrong(format!("{} files", files.len()), format!("at most {MOST_FILES} for a record"));
    }
    Ok(())
}
