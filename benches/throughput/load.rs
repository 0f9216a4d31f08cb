//! The load: so many callers on connections that stay open, each of which sends its next request as soon as it has
//! its answer.
//!
//! Of its own making, because it shares the cores with the service: requests are bytes that were made beforehand, and
//! of an answer no more is looked at than status and length. A client with a thread per connection (`ureq`) or with a
//! pool, header maps and a connector (`awc`, `reqwest`) takes a part of the machine that would be missing in the
//! figures. Everything runs on one thread.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::interrupt;

/// Callers, each with a connection.
pub const CONNECTIONS: usize = 256;
/// An answer that is longer is a fault.
const LONGEST: usize = 1 << 20;

/// An answer with the status that was expected.
pub struct Answer {
    /// The place of its request.
    pub index: usize,
    /// From the first byte that was sent to the last one that came.
    pub took: Duration,
    pub body: Vec<u8>,
}

/// What came of a run.
pub struct Load {
    /// In the order of their requests; the last requests have none where the time was over.
    pub answers: Vec<Answer>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// Of that, how long the load itself had a processor.
    pub busy: Duration,
}

/// What the callers share.
struct Work {
    requests: Vec<Vec<u8>>,
    status: u16,
    /// When no more requests begin.
    end: Instant,
    next: Cell<usize>,
    answers: RefCell<Vec<Answer>>,
}

/// Sends the requests until they or the time are over. An answer with another status ends everything.
pub fn send(address: SocketAddr, requests: Vec<Vec<u8>>, status: u16, limit: Duration) -> Load {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let sent = LocalSet::new().block_on(&runtime, all(address, requests, status, limit));
    sent.unwrap_or_else(|problem| {
        interrupt::check();
        panic!("{problem}")
    })
}

async fn all(address: SocketAddr, requests: Vec<Vec<u8>>, status: u16, limit: Duration) -> Result<Load, String> {
    let mut streams = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS.min(requests.len()) {
        let stream = TcpStream::connect(address).await.map_err(|why| why.to_string())?;
        stream.set_nodelay(true).map_err(|why| why.to_string())?;
        streams.push(stream);
    }
    let answers = RefCell::new(Vec::with_capacity(requests.len()));
    let (begun, before) = (Instant::now(), on_processor());
    let work = Rc::new(Work { requests, status, end: begun + limit, next: Cell::new(0), answers });
    let callers: Vec<_> =
        streams.into_iter().map(|stream| tokio::task::spawn_local(call(stream, Rc::clone(&work)))).collect();
    for caller in callers {
        caller.await.map_err(|why| why.to_string())??;
    }
    let (elapsed, busy) = (begun.elapsed(), on_processor().saturating_sub(before));
    let mut answers = work.answers.take();
    answers.sort_by_key(|answer| answer.index);
    Ok(Load { answers, elapsed, busy })
}

/// How long this thread has had a processor; nothing where the kernel does not tell.
fn on_processor() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(told.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

/// One caller.
async fn call(mut stream: TcpStream, work: Rc<Work>) -> Result<(), String> {
    let mut buffer = Vec::with_capacity(4096);
    while !interrupt::asked() {
        let index = work.next.get();
        let begun = Instant::now();
        let Some(request) = work.requests.get(index).filter(|_| begun < work.end) else { return Ok(()) };
        work.next.set(index + 1);
        stream.write_all(request).await.map_err(|why| why.to_string())?;
        let (status, body) = answer(&mut stream, &mut buffer).await?;
        if status != work.status {
            let sent = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
            let (sent, body) = (String::from_utf8_lossy(sent), String::from_utf8_lossy(&body));
            return Err(format!("{sent}: answered {status} instead of {}: {body}", work.status));
        }
        work.answers.borrow_mut().push(Answer { index, took: begun.elapsed(), body });
    }
    Err("interrupted".to_owned())
}

/// Reads one answer; nothing comes after it before the next request.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<(u16, Vec<u8>), String> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await.map_err(|why| why.to_string())? == 0 {
            return Err("the service closed a connection".to_owned());
        }
        let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let (status, length) = status_and_length(&buffer[..head]).ok_or("an answer without status or length")?;
        if length > LONGEST {
            return Err(format!("an answer of {length} bytes"));
        }
        let body = head + 4;
        if buffer.len() >= body + length {
            return Ok((status, buffer[body..body + length].to_vec()));
        }
    }
}

fn status_and_length(head: &[u8]) -> Option<(u16, usize)> {
    let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let value = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    };
    Some((status, lines.find_map(value)?))
}
