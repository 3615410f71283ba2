//! What both load generators of this crate share: `crowd`, the portal's users, and `strain`, the
//! loads of `cargo xtask bench` that `wrk` cannot make.

pub mod connection;
