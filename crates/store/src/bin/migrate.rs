//! Applies, reverts or lists the migrations: `migrate up | down | redo | status`.
//!
//! `DATABASE_URL` names the owner of the schema and leads directly to PostgreSQL, not to PgBouncer. Exit
//! code 0: done; 1: failed, the database is as before the failing migration; 2: wrong usage; 3: another run
//! is in progress, which a Kubernetes Job answers by trying again later.

use std::env;
use std::process::ExitCode;

use store::migrations::{MigrationError, Migrator};

const USAGE: &str = "usage: DATABASE_URL=postgres://… migrate up | down | redo | status";

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;
const LOCKED: u8 = 3;

#[derive(Clone, Copy)]
enum Command {
    Up,
    Down,
    Redo,
    Status,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(command) = parse(env::args().skip(1).collect()) else {
        eprintln!("{USAGE}");
        return ExitCode::from(WRONG_USAGE);
    };
    let Ok(url) = env::var("DATABASE_URL") else {
        eprintln!("DATABASE_URL is not set\n{USAGE}");
        return ExitCode::from(WRONG_USAGE);
    };
    match run(command, &url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ MigrationError::Locked) => {
            eprintln!("{error}");
            ExitCode::from(LOCKED)
        }
        Err(error) => {
            eprintln!("{:#}", anyhow::Error::new(error));
            ExitCode::from(FAILED)
        }
    }
}

fn parse(arguments: Vec<String>) -> Option<Command> {
    let [command] = <[String; 1]>::try_from(arguments).ok()?;
    match command.as_str() {
        "up" => Some(Command::Up),
        "down" => Some(Command::Down),
        "redo" => Some(Command::Redo),
        "status" => Some(Command::Status),
        _ => None,
    }
}

async fn run(command: Command, url: &str) -> Result<(), MigrationError> {
    let mut migrator = Migrator::connect(url).await?;
    match command {
        Command::Up => up(&mut migrator)?,
        Command::Down => down(&mut migrator)?,
        Command::Redo => {
            down(&mut migrator)?;
            up(&mut migrator)?;
        }
        Command::Status => {
            for migration in migrator.status()? {
                println!("{} {}", if migration.applied { "[x]" } else { "[ ]" }, migration.name);
            }
        }
    }
    Ok(())
}

fn up(migrator: &mut Migrator) -> Result<(), MigrationError> {
    let applied = migrator.up()?;
    for name in &applied {
        println!("applied {name}");
    }
    if applied.is_empty() {
        println!("nothing to apply");
    }
    Ok(())
}

fn down(migrator: &mut Migrator) -> Result<(), MigrationError> {
    match migrator.down()? {
        Some(name) => println!("reverted {name}"),
        None => println!("nothing to revert"),
    }
    Ok(())
}
