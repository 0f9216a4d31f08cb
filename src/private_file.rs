//! Files of secrets: readable by their owner, written whole, changed one after the other.
//!
//! Whoever reads such a file gets the one before or the one after, never a part; whoever changes it holds its lock
//! from before it is read until the other file is in its place.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// The mode of a file that people other than its owner may read or change; `None` when it is as it should be.
///
/// The group may read: that is how an orchestrator mounts a secret for a service that is not root.
pub(crate) fn too_open(about: &Metadata) -> Option<u32> {
    let mode = about.permissions().mode() & 0o777;
    (mode & 0o027 != 0).then_some(mode)
}

/// Writes a whole file and links it at `path`, which succeeds for one process only; says whether it was this one.
/// The directory must be there.
///
/// # Errors
/// When something cannot be written.
pub(crate) fn create(path: &Path, text: &[u8]) -> io::Result<bool> {
    let draft = draft_beside(path)?;
    let linked = write_new(&draft, text).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => removed.map(|()| false),
        Err(error) => Err(error),
        Ok(()) => removed.and_then(|()| File::open(directory_of(path))?.sync_all()).map(|()| true),
    }
}

/// Opens a file and waits for its lock, which holds until the file is dropped. Whoever had it before may have put
/// another file in its place: then that one is the file.
///
/// # Errors
/// When it cannot be opened or locked.
pub(crate) fn locked(path: &Path) -> io::Result<File> {
    loop {
        let file = File::open(path)?;
        file.lock()?;
        let (held, there) = (file.metadata()?, fs::metadata(path)?);
        if (held.dev(), held.ino()) == (there.dev(), there.ino()) {
            return Ok(file);
        }
    }
}

/// Puts another text in the place of a file that is [`locked`]; the new file has the old one's owner and mode.
///
/// # Errors
/// When something cannot be written; then the file is as it was.
pub(crate) fn replace(path: &Path, old: &File, text: &[u8]) -> io::Result<()> {
    let (was, draft) = (old.metadata()?, draft_beside(path)?);
    let written = write_new(&draft, text).and_then(|()| {
        let new = File::open(&draft)?;
        let is = new.metadata()?;
        if (is.uid(), is.gid()) != (was.uid(), was.gid()) {
            fchown(&new, Some(was.uid()), Some(was.gid()))?;
        }
        new.set_permissions(was.permissions())?;
        fs::rename(&draft, path)
    });
    if written.is_err() {
        // What hinders its removal is told by nothing better than the first error.
        let _ = fs::remove_file(&draft);
    }
    written.and_then(|()| File::open(directory_of(path))?.sync_all())
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name for a file that is written whole before it takes its place.
fn draft_beside(path: &Path) -> io::Result<PathBuf> {
    let mut suffix = [0_u8; 8];
    getrandom::fill(&mut suffix).map_err(io::Error::other)?;
    Ok(directory_of(path).join(format!(".keys-{}.tmp", hex::encode(suffix))))
}

/// Writes a file that is not there yet, for its owner alone.
fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}
