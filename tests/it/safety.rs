//! How the service starts: with TLS, not without where others can reach it, and never with a secret in what it says.

use std::fmt::Debug;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};
use std::sync::Arc;

use huanxin::api::edge::{Edge, Rates};
use huanxin::cli::demo::DemoOptions;
use huanxin::cli::serve;
use huanxin::config::{EdgeOptions, ServeOptions};
use huanxin::engine::Clock;
use huanxin::keys::KeyRing;
use huanxin::store::Database;
use huanxin::tls::Certificate;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

use crate::app::TestApp;
use crate::database::Place;

const SECRET: &str = "geheim";

// ---------------------------------------------------------------- TLS

/// An edge with a certificate for `localhost`, and the certificate.
fn with_tls(place: &Place) -> (EdgeOptions, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let [chain, key] = ["chain.pem", "key.pem"].map(|name| place.dir.path().join(name));
    std::fs::write(&chain, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let edge = EdgeOptions { tls_cert: Some(chain), tls_key: Some(key), rates: Rates::NONE, ..EdgeOptions::default() };
    (edge, made.cert.der().clone())
}

/// What comes back over TLS, from a service that shows a certificate which this one vouches for.
fn over_tls(app: &TestApp, trusted: CertificateDer<'static>, request: &str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(app.address()).unwrap());
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    // The end of the connection may come without a farewell.
    let _ = stream.read_to_end(&mut answer);
    Ok(String::from_utf8(answer).unwrap())
}

#[test]
fn with_a_certificate_the_service_speaks_tls_and_nothing_else() {
    let place = Place::sqlite();
    let (edge, certificate) = with_tls(&place);
    let (_, stranger) = with_tls(&Place::sqlite());
    let app = TestApp::with_edge(place, edge);
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = over_tls(&app, certificate.clone(), request).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.to_lowercase().contains("strict-transport-security: max-age=31536000"), "{answer}");
    let token = app.consumer(0).token().unwrap();
    let request = format!(
        "GET /api/v1/vouchers HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let answer = over_tls(&app, certificate, &request).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"items\""), "{answer}");
    assert!(over_tls(&app, stranger, &request).is_err(), "another certificate than the one that is trusted");
    let mut plain = TcpStream::connect(app.address()).unwrap();
    plain.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "an answer over plain HTTP");
}

// ---------------------------------------------------------------- the command line

/// Runs the service's own program, which ends by itself.
fn huanxin(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huanxin"));
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").envs(variables.iter().copied());
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

#[test]
fn what_is_not_safe_does_not_start_and_says_which_flag_would_mean_it() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let remote = "postgres://u:geheim@192.0.2.1/db?sslmode=disable";
    for (arguments, flag) in [
        (&["serve", "--listen", "0.0.0.0:0"][..], "--insecure-plain-http"),
        (&["serve", "--listen", "[::]:0"], "--insecure-plain-http"),
        (&["serve", "--listen", "127.0.0.1:0", "--database-url", remote], "--insecure-database"),
        (&["serve", "--listen", "127.0.0.1:0", "--cors-origin", "*"], "--cors-origin"),
        (&["serve", "--listen", "127.0.0.1:0", "--trusted-proxies", "::/0"], "--trusted-proxies"),
        (&["serve", "--listen", "127.0.0.1:0", "--tls-cert", "chain.pem"], "--tls-key"),
        (&["demo", "--listen", "0.0.0.0:0"], "--insecure-public-demo"),
    ] {
        let output = huanxin(&[arguments, &["--data-dir", data]].concat(), &[]);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(flag) && !said.contains(SECRET), "{arguments:?}: {said}");
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "nothing was made before it was refused");
}

/// Whatever the address of the database looks like, its password is not repeated.
#[test]
fn no_message_and_no_log_line_has_the_databases_password() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let urls = [
        "postgres://u:geheim@127.0.0.1:1/x",
        "postgres://u:geheim@127.0.0.1:nowhere/x",
        "postgres://u:ge@geheim@127.0.0.1:1/x",
        "postgres://u:ge/geheim@127.0.0.1:1/x",
        "postgres://u:ge?geheim@127.0.0.1:1/x",
        "postgres://u:ge#geheim@127.0.0.1:1/x",
        "postgres://u:geheim%zz@127.0.0.1:1/x",
        "postgres://u:geheim@127.0.0.1:1/x?unheard=of",
        "postgres://u@127.0.0.1:1/x?password=geheim",
        "mysql://u:geheim@127.0.0.1:1/x",
        "geheim",
    ];
    let commands = [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate"], &["audit", "verify"]];
    for (url, command) in urls.iter().zip(commands.iter().cycle()) {
        let variables = [("HUANXIN_DATABASE_URL", *url), ("HUANXIN_DATA_DIR", data), ("RUST_LOG", "trace")];
        let output = huanxin(command, &variables);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{url}: {said}");
        assert!(!said.contains(SECRET), "{command:?} {url}: {said}");
    }
}

/// `--help` shows defaults and names of variables, and not what stands in them.
#[test]
fn no_help_shows_what_stands_in_the_environment() {
    let variables = [("HUANXIN_DATABASE_URL", "postgres://u:geheim@127.0.0.1:1/x")];
    let mut pages = vec![Vec::new()];
    while let Some(page) = pages.pop() {
        let output = huanxin(&[page.as_slice(), &["--help"]].concat(), &variables);
        let said = said(&output);
        assert!(output.status.success() && !said.contains(SECRET), "{page:?}: {said}");
        let commands = said.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
        let names = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
        for name in names.filter(|name| !["", "help"].contains(name)) {
            let name: &'static str = name.to_owned().leak();
            pages.push([page.as_slice(), &[name]].concat());
        }
        assert!(page.len() < 3, "{page:?}");
    }
}

// ---------------------------------------------------------------- Debug

/// Every text of a key file that is a secret.
fn secrets(keys: &Value) -> Vec<String> {
    match keys {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match value.as_str() {
                Some(text) if ["d", "k"].contains(&name.as_str()) => vec![text.to_owned()],
                _ => secrets(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(secrets).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn nothing_shows_a_secret_when_it_is_printed() {
    #[derive(clap::Parser)]
    struct Serve {
        #[command(flatten)]
        options: ServeOptions,
    }
    #[derive(clap::Parser)]
    struct Demo {
        #[command(flatten)]
        options: DemoOptions,
    }
    fn parsed<P: clap::Parser>(data: &str) -> P {
        P::try_parse_from(["huanxin", "--data-dir", data, "--database-url", "postgres://u:geheim@h/db"]).unwrap()
    }
    let place = Place::sqlite();
    let data = place.dir.path().to_str().unwrap();
    let (edge, _) = with_tls(&place);
    let key = std::fs::read_to_string(edge.tls_key.as_ref().unwrap()).unwrap();
    let mut options = parsed::<Serve>(data).options;
    let database = Database::open("postgres://u:geheim@h/db", None).unwrap();
    let mut shown: Vec<String> = Vec::new();
    let mut show = |value: &dyn Debug| shown.push(format!("{value:?} {value:#?}"));
    show(&options);
    show(&parsed::<Demo>(data).options);
    show(&database);
    options.database_url = None;
    options.edge = edge.clone();
    let started = serve::start(&options, |_| Ok(Clock::default())).unwrap();
    show(&started.keys);
    show(&started.tokens);
    show(&started.edge);
    show(&Certificate::open(edge.tls_cert.as_ref().unwrap(), edge.tls_key.as_ref().unwrap()).unwrap());
    show(&Edge::default());
    show(&KeyRing::load_or_create(&options.keys(), Clock::default().now()).unwrap());
    let division = started.division.clone();
    show(&started.into_service());
    division.close();
    let ring: Value = serde_json::from_slice(&std::fs::read(options.keys()).unwrap()).unwrap();
    let mut hidden = secrets(&ring);
    assert!(hidden.len() >= 6);
    hidden.push(SECRET.to_owned());
    hidden.push(key.lines().nth(1).unwrap().to_owned());
    for secret in hidden {
        assert!(shown.iter().all(|shown| !shown.contains(&secret)));
    }
}
