//! The code on the screen: what a camera reads is what was signed, and others can check the signature.

use std::path::Path;
use std::process::Command;

use image::ImageReader;
use serde_json::Value;

on_both! {
    fn the_picture_says_what_the_keys_of_the_service_signed(app) {
        let voucher = app.claim(0, "nc-appl-2026", "refrigerator", None);
        let picture = app.consumer(0).get(&format!("/api/v1/vouchers/{voucher}/qr?form=printed&format=png"));
        assert_eq!(picture.header("Content-Type"), Some("image/png"));
        let token = scanned(&picture.bytes);
        let keys = app.nobody().get("/.well-known/jwks.json");
        let claims = checked_by_another_library(&keys.bytes, &token).unwrap();
        assert_eq!((claims["vid"].as_str(), claims["frm"].as_str()), (Some(voucher.as_str()), Some("printed")));
        let live = app.code(0, &voucher, "live");
        assert_eq!(checked_by_another_library(&keys.bytes, &live).unwrap()["prg"], "nc-appl-2026");
        let (head, _) = live.rsplit_once('.').unwrap();
        let (_, signature) = token.rsplit_once('.').unwrap();
        assert!(checked_by_another_library(&keys.bytes, &format!("{head}.{signature}")).is_err());
    }
}

/// What a camera would read.
fn scanned(png: &[u8]) -> String {
    let picture = ImageReader::new(std::io::Cursor::new(png)).with_guessed_format().unwrap().decode().unwrap();
    let mut prepared = rqrr::PreparedImage::prepare(picture.to_luma8());
    let grids = prepared.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}

/// The claims of a token whose signature `PyJWT` finds good.
fn checked_by_another_library(keys: &[u8], token: &str) -> Result<Value, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/python/bin/python");
    assert!(python.exists(), "PyJWT is not installed: run tests/run.sh once, it makes target/python");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("jwks.json");
    std::fs::write(&file, keys).unwrap();
    let ran = Command::new(python).arg(root.join("tests/verify_jws.py")).arg(&file).arg(token).output().unwrap();
    if ran.status.success() {
        Ok(serde_json::from_slice(&ran.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&ran.stderr).into_owned())
    }
}
