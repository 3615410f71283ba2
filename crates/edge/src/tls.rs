//! The process-wide TLS provider.

/// Installs *ring* as the TLS provider of this process.
///
/// Libraries are built without a provider of their own, so that one process never carries two
/// cryptography libraries; every `main` calls this first. Calling it again is harmless.
pub fn install() {
    // Err means that a provider is installed already, which is what was asked for.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
