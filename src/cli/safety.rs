//! What a configuration may not say unless it says on purpose that it means it: each sentence names the flag.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::serve::Stopped;
use crate::api::edge::Origins;
use crate::config::{EdgeOptions, ServeOptions};

/// Judges how `serve` is to run at an address that it has.
///
/// # Errors
/// With a sentence about the first thing that is not safe.
pub fn judge(options: &ServeOptions, address: SocketAddr) -> Result<(), Stopped> {
    let edge = &options.edge;
    judge_edge(edge)?;
    if !is_local(address) {
        judge_transport(edge, address)?;
        judge_keys(edge, &options.data_dir, address)?;
    }
    judge_database(&options.database(), edge.insecure_database)
}

/// Judges where a demonstration is to run: its tokens are good for a year and lie in a file, and its people may do
/// everything.
///
/// # Errors
/// With a sentence when others can reach it.
pub fn judge_demo(public: bool, address: SocketAddr) -> Result<(), Stopped> {
    if public || is_local(address) {
        return Ok(());
    }
    Err(Stopped::new(format!(
        "a demonstration at {address} can be reached by others, over plain HTTP and with tokens for every role; listen at \
         127.0.0.1, or say --insecure-public-demo"
    )))
}

fn judge_edge(edge: &EdgeOptions) -> Result<(), Stopped> {
    Origins::read(&edge.cors_origin).map_err(Stopped::new)?;
    if let Some(network) = edge.trusted_proxies.iter().find(|network| network.prefix_len() == 0) {
        return Err(Stopped::new(format!(
            "--trusted-proxies {network}: anybody could say where he comes from; name the network of the proxies alone"
        )));
    }
    if edge.tls_cert.is_some() == edge.tls_key.is_some() {
        return Ok(());
    }
    Err(Stopped::new("--tls-cert and --tls-key: TLS takes a certificate and its key, both or neither".to_owned()))
}

/// Tokens and identity numbers do not go over a network in clear.
fn judge_transport(edge: &EdgeOptions, address: SocketAddr) -> Result<(), Stopped> {
    if edge.tls_cert.is_some() || !edge.trusted_proxies.is_empty() || edge.insecure_plain_http {
        return Ok(());
    }
    Err(Stopped::new(format!(
        "--listen {address} can be reached by others, and without TLS tokens and identity numbers could be read on the \
         way; give --tls-cert and --tls-key, or --trusted-proxies when a proxy speaks TLS before it, or say \
         --insecure-plain-http"
    )))
}

/// The demonstration's keys have signed tokens for every role that are good for a year.
fn judge_keys(edge: &EdgeOptions, data_dir: &Path, address: SocketAddr) -> Result<(), Stopped> {
    let tokens = data_dir.join("demo.json");
    if edge.insecure_demo_keys || !tokens.exists() {
        return Ok(());
    }
    Err(Stopped::new(format!(
        "--listen {address} can be reached by others, and {} has tokens of a demonstration that these keys signed; take \
         another --data-dir, or say --insecure-demo-keys",
        tokens.display()
    )))
}

/// A password does not go over a network in clear.
fn judge_database(url: &str, insecure: bool) -> Result<(), Stopped> {
    let Some(place) = Place::read(url) else { return Ok(()) };
    if !place.password || place.hosts.iter().all(|host| is_this_machine(host)) || insecure {
        return Ok(());
    }
    match place.mode {
        Some("disable" | "allow") => Err(Stopped::new(format!(
            "--database-url: what goes to {} could be read on the way, the password too; say sslmode=verify-full instead of \
             {}, or --insecure-database",
            place.hosts.join(", "),
            place.mode.unwrap_or_default()
        ))),
        Some("prefer") | None => {
            tracing::warn!(
                "whether the way to the database is encrypted is left to its server; say sslmode=verify-full"
            );
            Ok(())
        }
        Some(_) => Ok(()),
    }
}

/// What an address of PostgreSQL says of the way to it.
struct Place<'a> {
    password: bool,
    hosts: Vec<&'a str>,
    mode: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn read(url: &'a str) -> Option<Self> {
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let authority = rest.split('/').next().unwrap_or_default();
        let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let said =
            |name: &str| query.split('&').filter_map(|pair| pair.split_once('=')).find(|(said, _)| *said == name);
        let hosts = said("host").map_or(hosts, |(_, hosts)| hosts);
        Some(Self {
            password: user.contains(':') || said("password").is_some(),
            hosts: hosts.split(',').map(without_port).collect(),
            mode: said("sslmode").map(|(_, mode)| mode),
        })
    }
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// A socket of the file system counts as well.
fn is_this_machine(host: &str) -> bool {
    let socket = host.is_empty() || host.starts_with('/') || host.starts_with("%2F") || host.starts_with("%2f");
    socket || host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

fn is_local(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        serve: ServeOptions,
    }

    fn judged(address: &str, flags: &[&str]) -> Result<(), String> {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().to_str().unwrap();
        let words = ["huanxin", "--data-dir", data].into_iter().chain(flags.iter().copied());
        let options = Alone::try_parse_from(words).map_err(|why| why.to_string())?.serve;
        judge(&options, address.parse().unwrap()).map_err(|why| why.to_string())
    }

    #[track_caller]
    fn refused(address: &str, flags: &[&str], named: &str) {
        let sentence = judged(address, flags).unwrap_err();
        assert!(sentence.contains(named), "{sentence}");
    }

    #[test]
    fn this_machine_alone_needs_no_tls() {
        for local in ["127.0.0.1:8080", "127.8.8.8:1", "[::1]:8080", "[::ffff:127.0.0.1]:80"] {
            assert_eq!(judged(local, &[]), Ok(()), "{local}");
        }
        for public in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:80", "10.0.0.1:80"] {
            refused(public, &[], "--insecure-plain-http");
            for flags in [
                &["--insecure-plain-http"][..],
                &["--trusted-proxies", "10.0.0.0/8,192.0.2.7/32"],
                &["--tls-cert", "a.pem", "--tls-key", "b.pem"],
            ] {
                assert_eq!(judged(public, flags), Ok(()), "{public} {flags:?}");
            }
        }
        refused("127.0.0.1:80", &["--tls-cert", "a.pem"], "--tls-key");
        refused("127.0.0.1:80", &["--trusted-proxies", "0.0.0.0/0"], "--trusted-proxies");
        refused("127.0.0.1:80", &["--trusted-proxies", "::/0"], "--trusted-proxies");
        refused("127.0.0.1:80", &["--cors-origin", "*"], "--cors-origin");
        refused("127.0.0.1:80", &["--rate-claims", "many"], "--rate-claims");
    }

    #[test]
    fn a_demonstration_stays_at_home() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("demo.json"), "{}").unwrap();
        let (edge, address) = (EdgeOptions::default(), "192.0.2.1:80".parse().unwrap());
        let sentence = judge_keys(&edge, directory.path(), address).unwrap_err().to_string();
        assert!(sentence.contains("--insecure-demo-keys") && sentence.contains("demo.json"), "{sentence}");
        let meant = EdgeOptions { insecure_demo_keys: true, ..edge };
        assert!(judge_keys(&meant, directory.path(), address).is_ok());
        assert!(judge_demo(false, address).unwrap_err().to_string().contains("--insecure-public-demo"));
        assert!(judge_demo(true, address).is_ok());
        assert!(judge_demo(false, "[::1]:80".parse().unwrap()).is_ok());
    }

    #[test]
    fn a_password_goes_over_no_network_in_clear() {
        let judged = |url: &str| judge_database(url, false).map_err(|why| why.to_string());
        for url in [
            "sqlite:data/huanxin.sqlite",
            "postgres://u:geheim@localhost/db?sslmode=disable",
            "postgres://u:geheim@127.0.0.1:5432/db?sslmode=disable",
            "postgres://u:geheim@[::1]:5432/db?sslmode=disable",
            "postgres://u:geheim@/db?host=/run/postgresql&sslmode=disable",
            "postgres://u:geheim@%2Frun%2Fpostgresql/db?sslmode=disable",
            "postgres://u@db.example/db?sslmode=disable",
            "postgres://u:geheim@db.example/db?sslmode=verify-full",
            "postgresql://u:geheim@db.example/db",
        ] {
            assert_eq!(judged(url), Ok(()), "{url}");
        }
        for url in [
            "postgres://u:geheim@db.example/db?sslmode=disable",
            "postgresql://u:geheim@db.example:5432/db?x=y&sslmode=allow",
            "postgres://u:geheim@localhost,10.0.0.2:5433/db?sslmode=disable",
            "postgres://u@/db?host=db.example&password=geheim&sslmode=disable",
        ] {
            let sentence = judged(url).unwrap_err();
            assert!(sentence.contains("--insecure-database") && !sentence.contains("geheim"), "{sentence}");
            assert!(judge_database(url, true).is_ok());
        }
    }
}
