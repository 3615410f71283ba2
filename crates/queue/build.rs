//! Compiles the `.proto` files with protox, so that building the workspace needs no `protoc`.

use std::error::Error;

const ROOT: &str = "../../proto";
const EXPORT: &str = "portal/export/v1/export.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={ROOT}/{EXPORT}");
    let descriptors = protox::compile([EXPORT], [ROOT])?;
    prost_build::Config::new().compile_fds(descriptors)?;
    Ok(())
}
