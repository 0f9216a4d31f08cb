//! The report in Markdown, ready for `docs/performance.md`.

use std::fmt;
use std::time::Duration;

use crate::SIZES;
use crate::engine::Rates;
use crate::http::{Http, Seen};
use crate::load::CONNECTIONS;
use crate::yardstick::Yardstick;

/// Everything of one run.
#[derive(Default)]
pub struct Report {
    pub machine: String,
    pub cell: Duration,
    /// Nothing without a server or without `pgbench`.
    pub yardstick: Option<Yardstick>,
    pub measured: Vec<Measured>,
    /// The rules alone.
    pub decided: Option<Rates>,
}

/// What was measured on one database.
pub struct Measured {
    pub name: &'static str,
    /// In the order of [`SIZES`].
    pub engine: Vec<Rates>,
    pub http: Http,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}. Cells of {} seconds.\n", self.machine, self.cell.as_secs_f64())?;
        self.rates(f)?;
        writeln!(f, "\nOver HTTP, {CONNECTIONS} connections, times in milliseconds:\n")?;
        writeln!(f, "| database | request | how many | a second | p50 | p95 | p99 | max | load client |")?;
        writeln!(f, "|---|---|---:|---:|---:|---:|---:|---:|---:|")?;
        for Measured { name, http, .. } in &self.measured {
            let kinds = [
                ("redemption", &http.redemptions),
                ("claim", &http.claims),
                ("turn-in", &http.turn_ins),
                ("quote (reads)", &http.quotes),
            ];
            for (kind, seen) in kinds {
                let times = [seen.p50, seen.p95, seen.p99, seen.max].map(millis).join(" | ");
                writeln!(
                    f,
                    "| {name} | {kind} | {} | {:.0} | {times} | {:.0} % |",
                    seen.requests,
                    seen.rate,
                    seen.client * 100.0
                )?;
            }
        }
        let Some(Rates { redemptions, claims }) = self.decided else { return Ok(()) };
        writeln!(
            f,
            "\nThe rules alone, without a database, on one thread: {redemptions:.0} redemptions or {claims:.0}"
        )?;
        writeln!(f, "claims decided a second.")
    }
}

impl Report {
    /// The table of rates, and of their ratios to the yardstick.
    fn rates(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| database | way | redemptions/s | ratio | claims/s | ratio | redemption p50 / p99 ms | claim p50 / p99 ms |"
        )?;
        writeln!(f, "|---|---|---:|---:|---:|---:|---:|---:|")?;
        for Measured { name, engine, http } in &self.measured {
            for (size, rates) in SIZES.iter().zip(engine) {
                self.row(f, name, &format!("engine, batch {size}"), rates, &["", ""])?;
            }
            let Http { redemptions, claims, .. } = http;
            let rates = Rates { redemptions: redemptions.rate, claims: claims.rate };
            let times = [redemptions, claims].map(|seen: &Seen| format!("{} / {}", millis(seen.p50), millis(seen.p99)));
            self.row(f, name, &format!("HTTP, {CONNECTIONS} connections"), &rates, &times)?;
        }
        let Some(Yardstick { one, clients, hundred }) = &self.yardstick else {
            return writeln!(f, "\nNo ratios: they need HUANXIN_TEST_POSTGRES and pgbench.");
        };
        for (way, rate) in
            [(format!("`one.sql`, best of clients: {clients}"), one), ("`batch100.sql`, 1 client".into(), hundred)]
        {
            writeln!(f, "| PostgreSQL itself | {way} | {rate:.0} | {} | | | | |", self.ratio(*rate))?;
        }
        Ok(())
    }

    fn row(
        &self,
        f: &mut fmt::Formatter<'_>,
        name: &str,
        way: &str,
        Rates { redemptions, claims }: &Rates,
        times: &[impl fmt::Display; 2],
    ) -> fmt::Result {
        let ratios = [redemptions, claims].map(|rate| self.ratio(*rate));
        writeln!(
            f,
            "| {name} | {way} | {redemptions:.0} | {} | {claims:.0} | {} | {} | {} |",
            ratios[0], ratios[1], times[0], times[1]
        )
    }

    /// To `one.sql` of the same run.
    fn ratio(&self, rate: f64) -> String {
        self.yardstick.as_ref().map_or_else(|| "–".to_owned(), |yardstick| format!("{:.2}", rate / yardstick.one))
    }
}

fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}
