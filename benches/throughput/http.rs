//! Claims, turn-ins, quotes and redemptions a second over HTTP, as many callers at once as there are connections.
//!
//! One after the other over the same vouchers: what was claimed in the claims' cell is handed in for, quoted and
//! redeemed. The first requests of each kind warm the service up and tell how many the cell needs.

use std::net::SocketAddr;
use std::time::Duration;

use huanxin::domain::id::Id;
use serde_json::Value;

use crate::fixtures::TestDatabase;
use crate::load::{Answer, Load, send};
use crate::requests::{Requests, Sale};
use crate::service::Service;

/// Requests of a kind before those that count.
const WARM: usize = 1024;
/// No cell needs more; prepared requests are kept in memory.
const MOST: usize = 200_000;
/// Where the preparation has no time limit.
const PATIENCE: Duration = Duration::from_secs(600);

/// What callers saw of one kind of request.
pub struct Seen {
    pub requests: usize,
    pub rate: f64,
    pub p50: Duration,
    pub p95: Duration,
    pub p99: Duration,
    pub max: Duration,
    /// What the load itself took, as a part of one core.
    pub client: f64,
}

/// Every kind.
pub struct Http {
    pub redemptions: Seen,
    pub claims: Seen,
    pub turn_ins: Seen,
    pub quotes: Seen,
}

pub fn measure(database: &TestDatabase, cell: Duration) -> Http {
    let service = Service::start(database);
    let http = measured(&service, cell);
    drop(service);
    assert!(database.verify().is_ok(), "the trail does not agree after the measurement");
    http
}

fn measured(service: &Service, cell: Duration) -> Http {
    let requests = Requests::to(service);
    let claims = |people: std::ops::Range<u64>| people.map(|n| requests.claim(n)).collect();
    let first = people(WARM);
    let warm = send(service.address, claims(0..first), 201, PATIENCE);
    let count = enough(&warm, cell);
    let claimed = send(service.address, claims(first..first + people(count)), 201, cell);
    // The last requests of a cell may have had no time; a voucher belongs to the person of its request's place.
    let mut vouchers: Vec<(u64, Id)> = warm.answers.iter().map(|answer| (people(answer.index), made(answer))).collect();
    vouchers.extend(claimed.answers.iter().map(|answer| (first + people(answer.index), made(answer))));

    let handed_in = vouchers.iter().map(|(n, _)| requests.turn_in(*n)).collect();
    let handed_in = send(service.address, handed_in, 201, PATIENCE);
    let sales = vouchers.iter().zip(&handed_in.answers);
    let sales: Vec<Sale> = sales.map(|((n, voucher), old)| requests.sale(*n, *voucher, made(old))).collect();

    let quotes = |sales: &[Sale]| sales.iter().map(|sale| requests.quote(sale)).collect();
    let redemptions = |sales: &[Sale]| sales.iter().map(|sale| requests.redemption(sale)).collect();
    let (warming, counting) = sales.split_at(WARM);
    Http {
        claims: Seen::of(&claimed),
        turn_ins: Seen::of(&handed_in),
        quotes: warmed(service.address, quotes(warming), quotes(counting), 200, cell),
        redemptions: warmed(service.address, redemptions(warming), redemptions(counting), 201, cell),
    }
}

fn warmed(address: SocketAddr, warm: Vec<Vec<u8>>, requests: Vec<Vec<u8>>, status: u16, cell: Duration) -> Seen {
    send(address, warm, status, PATIENCE);
    Seen::of(&send(address, requests, status, cell))
}

/// How many requests a cell needs, going by some that were sent, with some to spare.
fn enough(warm: &Load, cell: Duration) -> usize {
    let times = cell.as_secs_f64() / warm.elapsed.as_secs_f64() * 1.5;
    let wanted = Duration::from_secs(u64::try_from(warm.answers.len()).unwrap()).mul_f64(times).as_secs();
    usize::try_from(wanted).unwrap().clamp(WARM, MOST)
}

fn people(count: usize) -> u64 {
    u64::try_from(count).unwrap()
}

/// The identity of what an answer says was made.
fn made(answer: &Answer) -> Id {
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    body["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("no identity: {body}"))
}

impl Seen {
    fn of(load: &Load) -> Self {
        let mut latencies: Vec<Duration> = load.answers.iter().map(|answer| answer.took).collect();
        latencies.sort_unstable();
        let requests = latencies.len();
        let at = |percent: usize| latencies[(requests * percent).div_ceil(100).max(1) - 1];
        Self {
            requests,
            rate: f64::from(u32::try_from(requests).unwrap()) / load.elapsed.as_secs_f64(),
            p50: at(50),
            p95: at(95),
            p99: at(99),
            max: at(100),
            client: load.busy.as_secs_f64() / load.elapsed.as_secs_f64(),
        }
    }
}
