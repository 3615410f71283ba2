//! Rebuilds the crate when a migration changes: `embed_migrations!` reads the folder at compile time,
//! and cargo does not know of files that only a macro opens.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
