//! The command line of huanxin.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use huanxin::cli::{
    audit, check_identifier, check_programme, create_admin, demo, evidence, keys, personal, quote, serve,
};
use huanxin::config::{KeyFileOptions, ServeOptions, database_url};
use huanxin::domain::programme;
use huanxin::domain::time::Day;
use huanxin::engine::Clock;
use huanxin::keys::rotation::KeyKind;
use huanxin::{api, telemetry};

/// huanxin (焕新): a district's trade-in subsidies.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves requests.
    Serve(Box<ServeOptions>),
    /// Brings the database to this release's form.
    Migrate {
        /// Directory of the embedded database.
        #[arg(long, env = "HUANXIN_DATA_DIR", default_value = "data")]
        data_dir: PathBuf,
        /// Database; the embedded one when not said.
        #[arg(long, env = "HUANXIN_DATABASE_URL", hide_env_values = true)]
        database_url: Option<String>,
        /// Schema of the division on PostgreSQL.
        #[arg(long, env = "HUANXIN_SCHEMA")]
        schema: Option<String>,
    },
    /// Checks programme files: errors, warnings, and worked examples of what a good one gives.
    CheckProgramme {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The version before: what the files change in it is told too.
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
    },
    /// Judges identifiers: `{kind, value}` a line on standard input, a verdict a line on standard output.
    CheckIdentifier {
        /// The day as of which they are judged; today in Asia/Shanghai when not said.
        #[arg(long, value_name = "DATE", value_parser = day)]
        today: Option<Day>,
    },
    /// What a sale would get under a programme file: no database, nothing is recorded.
    Quote {
        /// Programme file.
        #[arg(long)]
        programme: PathBuf,
        /// Sale, person and old item as JSON.
        #[arg(long)]
        input: PathBuf,
    },
    /// Prints the OpenAPI document.
    Openapi,
    /// Prints the JSON Schema of programme files, for editors.
    Schema,
    /// The trail.
    Audit {
        #[command(subcommand)]
        command: Audit,
    },
    /// The service's keys.
    Keys {
        #[command(subcommand)]
        command: Keys,
    },
    /// The files of evidence.
    Evidence {
        #[command(subcommand)]
        command: Evidence,
    },
    /// Makes the account of the first administrator and prints its first password.
    CreateAdmin(create_admin::CreateAdminOptions),
    /// Serves a demonstration with data of its own.
    Demo(demo::DemoOptions),
}

#[derive(Subcommand)]
enum Audit {
    /// Compares every row with the trail; recomputes balances, rollups and the roots of checkpoints.
    Verify {
        /// Directory of the embedded database.
        #[arg(long, env = "HUANXIN_DATA_DIR", default_value = "data")]
        data_dir: PathBuf,
        /// Database; the embedded one when not said.
        #[arg(long, env = "HUANXIN_DATABASE_URL", hide_env_values = true)]
        database_url: Option<String>,
        /// Key file, for the signatures of checkpoints; `keys.json` in the data directory, where there is one.
        #[arg(long, env = "HUANXIN_KEY_FILE")]
        key_file: Option<PathBuf>,
        /// The file of the second sink.
        #[arg(long, value_name = "FILE")]
        sink: Option<PathBuf>,
        #[command(flatten)]
        kept: audit::Kept,
    },
    /// Checks an evidence package; needs no database.
    Check {
        /// The package.
        package: PathBuf,
        #[command(flatten)]
        kept: audit::Kept,
    },
}

#[derive(Subcommand)]
enum Evidence {
    /// Reads every file that a record names, and compares it with its digest.
    Check(evidence::EvidenceOptions),
    /// Removes files that no record names: those of commands that were refused or repeated.
    Sweep {
        #[command(flatten)]
        place: evidence::EvidenceOptions,
        /// Only those that lie there for at least so many hours: a younger one may be on its way into a record.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(i64).range(1..=87_600))]
        hours: i64,
        /// Says what would go, and removes nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Subcommand)]
enum Keys {
    /// Shows every key that takes turns, with its state.
    List {
        #[command(flatten)]
        file: KeyFileOptions,
    },
    /// Lets keys take turns: the next key signs from now on, and a fresh next key is published.
    Rotate {
        #[command(flatten)]
        file: KeyFileOptions,
        /// Keys of which use; every use when not said.
        #[arg(long)]
        kind: Vec<KeyKind>,
        /// Also when the next key was published a moment ago.
        #[arg(long)]
        now: bool,
    },
    /// Drops a retired key before its time: what it has signed is worth nothing from now on.
    Drop {
        #[command(flatten)]
        file: KeyFileOptions,
        /// The key's id.
        kid: String,
    },
    /// Puts a new master key first and wraps all data keys with it, while the service runs.
    RotateMaster(personal::RotateOptions),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::start();
    match run(cli.command) {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(2)),
        Err(why) => {
            complain(&why.to_string());
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> Result<i32, serve::Stopped> {
    let (mut out, mut err) = (std::io::stdout().lock(), std::io::stderr().lock());
    match command {
        Command::CheckProgramme { files, against } => {
            Ok(check_programme::run(&files, against.as_deref(), &mut out, &mut err))
        }
        Command::CheckIdentifier { today } => {
            let today = today.unwrap_or_else(|| Clock::default().now().day());
            Ok(check_identifier::run(today, std::io::stdin().lock(), &mut out, &mut err))
        }
        Command::Quote { programme, input } => Ok(quote::run(&programme, &input, &mut out, &mut err)),
        Command::Openapi => {
            drop((out, err));
            serve::announce(api::document_json().trim_end());
            Ok(0)
        }
        Command::Schema => {
            drop((out, err));
            serve::announce(&programme::schema_json());
            Ok(0)
        }
        Command::Audit { command } => {
            drop((out, err));
            let (code, line) = match command {
                Audit::Verify { data_dir, database_url, key_file, sink, kept } => {
                    audit::verify(&data_dir, database_url.as_deref(), key_file.as_deref(), &kept, sink.as_deref())?
                }
                Audit::Check { package, kept } => audit::check(&package, &kept)?,
            };
            serve::announce(&line);
            Ok(code)
        }
        Command::Migrate { data_dir, database_url: said, schema } => {
            drop((out, err));
            std::fs::create_dir_all(&data_dir).map_err(|why| serve::Stopped::at(&data_dir, &why))?;
            let database = serve::open(&database_url(&data_dir, said.as_deref()), schema.as_deref())?;
            let done = database
                .migrate(&mut |line| serve::announce(line))
                .map_err(|why| serve::Stopped::new(why.to_string()))?;
            serve::announce(&format!("{done} migrations run; the database is as this release needs it"));
            Ok(0)
        }
        Command::Keys { command } => {
            drop((out, err));
            let now = Clock::default().now();
            let text = match command {
                Keys::List { file } => keys::list(&file.path())?,
                Keys::Rotate { file, kind, now: at_once } => keys::rotate(&file.path(), &kind, now, at_once)?,
                Keys::Drop { file, kid } => keys::drop_retired(&file.path(), &kid, now)?,
                Keys::RotateMaster(options) => personal::rotate_master(&options, Clock::default())?,
            };
            serve::announce(text.trim_end());
            Ok(0)
        }
        Command::Evidence { command } => {
            drop((out, err));
            let (code, line) = match command {
                Evidence::Check(place) => evidence::check(&place)?,
                Evidence::Sweep { place, hours, dry_run } => {
                    let before = Clock::default().now().plus_seconds(-hours * 3600);
                    (0, evidence::sweep(&place, before, dry_run)?)
                }
            };
            serve::announce(&line);
            Ok(code)
        }
        Command::Serve(options) => {
            drop((out, err));
            serve::run(&options).map(|()| 0)
        }
        Command::CreateAdmin(options) => {
            drop((out, err));
            serve::announce(&create_admin::run(&options, Clock::default())?);
            Ok(0)
        }
        Command::Demo(options) => {
            drop((out, err));
            demo::run(&options).map(|()| 0)
        }
    }
}

/// Reads a day of the command line.
fn day(text: &str) -> Result<Day, String> {
    let form = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let day = text.parse().ok().filter(|_| form);
    day.map(Day).ok_or_else(|| "expected a day, such as 2026-11-23".to_owned())
}

#[allow(clippy::print_stderr, reason = "the one sentence for the person at the terminal")]
fn complain(sentence: &str) {
    eprintln!("huanxin: {sentence}");
}
