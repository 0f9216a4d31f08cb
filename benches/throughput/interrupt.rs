//! Stopping early: a measurement that is told to stop unwinds between two batches, so that its databases go with it.
//!
//! The service that is measured over HTTP has handlers of its own, after which the system's default would no longer
//! end this process.

use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Takes note of an interrupt or SIGTERM; a second one ends the process at once.
pub fn listen() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    std::thread::spawn(move || {
        runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate()).unwrap();
            loop {
                tokio::select! {
                    _ = ctrl_c() => {}
                    _ = terminate.recv() => {}
                }
                if ASKED.swap(true, Ordering::Relaxed) {
                    exit(130);
                }
                eprintln!("interrupted: cleaning up");
            }
        });
    });
}

/// Whether somebody asked to stop.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// Unwinds if somebody asked to stop.
pub fn check() {
    if asked() {
        std::panic::resume_unwind(Box::new("interrupted"));
    }
}

/// Says on standard error what begins now.
pub fn step(what: &str) {
    check();
    eprintln!("{what}");
}
