//! The way to a PostgreSQL on another machine: encrypted, to the right server, or not at all.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use test_support::TestDatabase;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

/// Length and code of the message that asks for TLS (PostgreSQL's protocol, `SSLRequest`).
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// PostgreSQL behind TLS with a certificate for `localhost`; returns its port and the authority.
async fn encrypted(postgres: String) -> (u16, String) {
    let key = || KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, key()).unwrap();
    let own = key();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&own, &authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], own.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (acceptor, postgres) = (acceptor.clone(), postgres.clone());
            tokio::spawn(async move {
                let mut asked = [0; SSL_REQUEST.len()];
                client.read_exact(&mut asked).await?;
                assert_eq!(asked, SSL_REQUEST, "a client spoke in the clear");
                client.write_all(b"S").await?;
                let mut client = acceptor.accept(client).await?;
                let mut server = TcpStream::connect(postgres).await?;
                copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    (port, authority.pem())
}

/// `migrate status` with these authorities to trust.
async fn status(url: &str, trusted: &Path) -> Output {
    let mut migrate = Command::new(env!("CARGO_BIN_EXE_migrate"));
    migrate.arg("status").env("DATABASE_URL", url).env("SSL_CERT_FILE", trusted);
    tokio::task::spawn_blocking(move || migrate.output().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_must_be_encrypted_is_reached_only_by_a_certificate_that_is_trusted() {
    let database = TestDatabase::create_empty().await;
    let url = database.owner_url();
    let (_, place) = url.rsplit_once('@').unwrap();
    let (address, _) = place.split_once('/').unwrap();
    let (port, authority) = encrypted(address.to_owned()).await;
    let (other_port, _) = encrypted(address.to_owned()).await;
    let folder = tempfile::tempdir().unwrap();
    let trusted = folder.path().join("authority.pem");
    std::fs::write(&trusted, authority).unwrap();
    let by = |host: &str| format!("{}?sslmode=require", url.replace(address, host));

    let reached = status(&by(&format!("localhost:{port}")), &trusted).await;
    assert!(reached.status.success(), "{}", String::from_utf8_lossy(&reached.stderr));

    for (server, why) in [
        (format!("localhost:{other_port}"), "invalid peer certificate: BadSignature"),
        (format!("127.0.0.1:{port}"), "not valid for name"),
        (address.to_owned(), "server does not support TLS"),
    ] {
        let refused = status(&by(&server), &trusted).await;
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && said.contains(why), "{server}: {said}");
    }
}
