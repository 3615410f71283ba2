//! Encrypted connections to a server whose certificate is checked.
//!
//! Used where the URL says `sslmode=require`, which is more here than in libpq: the certificate must
//! be of the host's name, and signed by an authority that the machine trusts or that
//! `SSL_CERT_FILE` holds.

use std::sync::{Arc, OnceLock};

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Read once: every connection of the process wants it.
static CONFIG: OnceLock<ClientConfig> = OnceLock::new();

/// Makes connections encrypted.
///
/// # Errors
///
/// When the library is built without what it needs for that.
pub(crate) fn connector() -> Result<MakeRustlsConnect, rustls::Error> {
    let config = if let Some(config) = CONFIG.get() {
        config
    } else {
        let config = config()?;
        CONFIG.get_or_init(|| config)
    };
    Ok(MakeRustlsConnect::new(config.clone()))
}

fn config() -> Result<ClientConfig, rustls::Error> {
    let mut trusted = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (_, unusable) = trusted.add_parsable_certificates(found.certs);
    if trusted.is_empty() || !found.errors.is_empty() {
        // No connection will succeed that needs what is missing, and its error will not say why.
        tracing::warn!(errors = ?found.errors, unusable, "certificate authorities are missing");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Ok(config)
}
