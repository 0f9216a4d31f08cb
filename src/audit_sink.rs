//! Where the second sink of the trail is: a file that is only added to, or an HTTP endpoint.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::domain::merkle::{self, Hash};
use crate::engine::Sink;

/// How long an endpoint may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes at the end of a file in which its last line stands.
const TAIL: u64 = 4096;
/// Bytes of an endpoint's answer.
const LONGEST_ANSWER: u64 = 4096;
/// Machines with which plain HTTP goes over no wire.
const OWN: &[&str] = &["localhost", "127.0.0.1", "[::1]"];

/// Reads `file:PATH` or an address, as the configuration has it.
///
/// # Errors
/// With a sentence for what is neither.
pub fn open(text: &str, division: &str) -> Result<Box<dyn Sink>, String> {
    if let Some(path) = text.strip_prefix("file:").filter(|path| !path.is_empty()) {
        return Ok(Box::new(FileSink { path: PathBuf::from(path) }));
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(format!("{text:?} is no sink: file:PATH or https://…"));
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let own =
        OWN.iter().any(|own| authority.strip_prefix(own).is_some_and(|port| port.is_empty() || port.starts_with(':')));
    match scheme {
        "https" if !authority.is_empty() => {}
        "http" if own => {}
        _ => return Err(format!("{text:?} is no sink: file:PATH or https://… (http:// on this machine alone)")),
    }
    let agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().new_agent();
    Ok(Box::new(HttpSink { url: text.to_owned(), division: division.to_owned(), agent, newest: None }))
}

/// A line per record: number, blank, hash.
struct FileSink {
    path: PathBuf,
}

impl Sink for FileSink {
    fn newest(&mut self) -> Result<i64, String> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            Err(why) => return Err(self.at(&why)),
        };
        let length = file.metadata().map_err(|why| self.at(&why))?.len();
        let start = length.saturating_sub(TAIL);
        file.seek(SeekFrom::Start(start)).map_err(|why| self.at(&why))?;
        let mut tail = Vec::new();
        file.take(TAIL).read_to_end(&mut tail).map_err(|why| self.at(&why))?;
        // A line that a crash cut off ends with the next attempt, and says nothing.
        let newest = tail.split_inclusive(|byte| *byte == b'\n').rev().find_map(whole);
        match newest {
            Some((seq, _)) => Ok(seq),
            None if length == 0 => Ok(0),
            None => Err(format!("{}: it is no file of hashes", self.path.display())),
        }
    }

    fn append(&mut self, records: &[(i64, String)]) -> Result<(), String> {
        let mut text = String::new();
        let mut file =
            OpenOptions::new().append(true).read(true).create(true).open(&self.path).map_err(|why| self.at(&why))?;
        if file.metadata().map_err(|why| self.at(&why))?.len() > 0 {
            file.seek(SeekFrom::End(-1)).map_err(|why| self.at(&why))?;
            let mut last = [0];
            file.read_exact(&mut last).map_err(|why| self.at(&why))?;
            if last != *b"\n" {
                text.push('\n');
            }
        }
        text.extend(records.iter().map(|(seq, hash)| format!("{seq} {hash}\n")));
        file.write_all(text.as_bytes()).and_then(|()| file.sync_data()).map_err(|why| self.at(&why))
    }
}

impl FileSink {
    fn at(&self, why: &std::io::Error) -> String {
        format!("{}: {why}", self.path.display())
    }
}

/// A whole line: number and hash.
fn whole(line: &[u8]) -> Option<(i64, Hash)> {
    let text = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let (seq, hash) = text.split_once(' ')?;
    let seq = seq.parse().ok().filter(|seq| *seq > 0)?;
    merkle::read(hash).map(|hash| (seq, hash))
}

/// The hashes of a sink's file, from the first record on. What stands there twice must be the same twice.
///
/// # Errors
/// With the place where it is not a file of hashes without gaps.
pub fn read(path: &Path) -> Result<Vec<Hash>, String> {
    let bytes = std::fs::read(path).map_err(|why| format!("{}: {why}", path.display()))?;
    let mut hashes: Vec<Hash> = Vec::new();
    for (seq, hash) in bytes.split_inclusive(|byte| *byte == b'\n').filter_map(whole) {
        let at = usize::try_from(seq - 1).unwrap_or(usize::MAX);
        match hashes.get(at) {
            Some(known) if *known == hash => {}
            Some(_) => return Err(format!("{}: it has two hashes of record {seq}", path.display())),
            None if at == hashes.len() => hashes.push(hash),
            None => return Err(format!("{}: it has no hash of record {}", path.display(), hashes.len() + 1)),
        }
    }
    Ok(hashes)
}

/// An endpoint. `GET` answers `{"seq": n}`, the newest record that it has; `POST` takes
/// `{"division", "records": [{"seq", "hash"}]}` and answers with a status of success once they are kept.
struct HttpSink {
    url: String,
    division: String,
    agent: ureq::Agent,
    /// As far as it is known without asking again.
    newest: Option<i64>,
}

#[derive(Deserialize)]
struct Newest {
    seq: i64,
}

impl Sink for HttpSink {
    fn newest(&mut self) -> Result<i64, String> {
        if let Some(newest) = self.newest {
            return Ok(newest);
        }
        let mut response = self.agent.get(&self.url).call().map_err(|why| why.to_string())?;
        let answer =
            response.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec().map_err(|why| why.to_string())?;
        let Newest { seq } = serde_json::from_slice(&answer).map_err(|why| why.to_string())?;
        self.newest = Some(seq.max(0));
        Ok(seq.max(0))
    }

    fn append(&mut self, records: &[(i64, String)]) -> Result<(), String> {
        let lines: Vec<_> = records.iter().map(|(seq, hash)| json!({"seq": seq, "hash": hash})).collect();
        let body = json!({"division": self.division, "records": lines}).to_string();
        // What became of it is not known after a failure: then the sink is asked.
        self.newest = None;
        let request = self.agent.post(&self.url).header("Content-Type", "application/json");
        request.send(body.as_bytes()).map_err(|why| why.to_string())?;
        self.newest = records.last().map(|(seq, _)| *seq);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn records(range: std::ops::RangeInclusive<i64>) -> Vec<(i64, String)> {
        range.map(|seq| (seq, format!("{seq:064x}"))).collect()
    }

    #[test]
    fn a_file_goes_on_where_it_was_also_after_a_line_that_was_cut_off() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hashes");
        let mut sink = open(&format!("file:{}", path.display()), "360111").unwrap();
        assert_eq!(sink.newest(), Ok(0));
        sink.append(&records(1..=200)).unwrap();
        assert_eq!(sink.newest(), Ok(200));
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(format!("201 {}", "0".repeat(30)).as_bytes()).unwrap();
        assert_eq!(sink.newest(), Ok(200));
        sink.append(&records(200..=203)).unwrap();
        assert_eq!(sink.newest(), Ok(203));
        let read = read(&path).unwrap();
        assert_eq!((read.len(), hex::encode(read[202])), (203, format!("{:064x}", 203)));
    }

    #[test]
    fn a_gap_and_a_contradiction_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hashes");
        let mut sink = open(&format!("file:{}", path.display()), "360111").unwrap();
        sink.append(&records(1..=2)).unwrap();
        sink.append(&records(4..=5)).unwrap();
        assert!(read(&path).unwrap_err().ends_with("no hash of record 3"));
        std::fs::write(&path, format!("1 {}\n1 {}\n", "a".repeat(64), "b".repeat(64))).unwrap();
        assert!(read(&path).unwrap_err().ends_with("two hashes of record 1"));
        std::fs::write(&path, "something else\n").unwrap();
        assert!(sink.newest().is_err());
    }

    /// An endpoint that fails once: it is asked where it was, and gets the same again.
    #[test]
    fn an_endpoint_is_asked_where_it_was_after_a_failure() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hashes", listener.local_addr().unwrap());
        let answers = [
            "200 OK\r\ncontent-length: 9\r\n\r\n{\"seq\":3}",
            "500 No\r\ncontent-length: 0\r\n\r\n",
            "200 OK\r\ncontent-length: 9\r\n\r\n{\"seq\":3}",
            "204 Kept\r\n\r\n",
        ];
        let server = std::thread::spawn(move || {
            answers.map(|answer| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = String::new();
                // A request is there when its head is, and as many bytes more as the head says.
                let mut bytes = [0; 4096];
                let whole = |request: &str| {
                    let (head, body) = request.split_once("\r\n\r\n")?;
                    let length = head
                        .to_lowercase()
                        .lines()
                        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                    (body.len() >= length.unwrap_or(0)).then_some(())
                };
                while whole(&request).is_none() {
                    let count = stream.read(&mut bytes).unwrap();
                    request.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
                }
                stream
                    .write_all(
                        format!("HTTP/1.1 {}", answer.replacen("\r\n", "\r\nconnection: close\r\n", 1)).as_bytes(),
                    )
                    .unwrap();
                request
            })
        });
        let mut sink = open(&url, "360111").unwrap();
        assert_eq!(sink.newest(), Ok(3));
        sink.append(&records(4..=5)).unwrap_err();
        assert_eq!(sink.newest(), Ok(3));
        sink.append(&records(4..=5)).unwrap();
        assert_eq!(sink.newest(), Ok(5));
        let asked = server.join().unwrap();
        assert!(asked[0].starts_with("GET /hashes ") && asked[3].starts_with("POST /hashes "), "{asked:?}");
        let body: serde_json::Value = serde_json::from_str(asked[3].split("\r\n\r\n").nth(1).unwrap()).unwrap();
        assert_eq!(body["division"], "360111");
        assert_eq!(
            (&body["records"][1]["seq"], &body["records"][1]["hash"]),
            (&json!(5), &json!(format!("{:064x}", 5)))
        );
    }

    #[test]
    fn a_sink_is_a_file_or_an_address_that_is_safe() {
        for (text, good) in [
            ("file:/var/log/hashes", true),
            ("https://auditor.example/hashes", true),
            ("http://127.0.0.1:9000/", true),
            ("http://localhost/x", true),
            ("http://[::1]:9/x", true),
            ("http://auditor.example/hashes", false),
            ("http://127.0.0.1.example/", false),
            ("https://", false),
            ("file:", false),
            ("ftp://x", false),
            ("/var/log/hashes", false),
        ] {
            assert_eq!(open(text, "360111").is_ok(), good, "{text}");
        }
    }
}
