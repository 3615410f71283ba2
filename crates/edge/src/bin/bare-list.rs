//! A list from memory behind the portal's own check of tokens, and nothing else:
//! `bare-list PORT JWKS_URL FILE ENCODING`.
//!
//! What the case list costs at least in this framework; `cargo xtask bench list-hot` holds the case
//! list against it. It sends the same bytes and checks the same tokens with the same code, with as
//! many workers, but has no routes, cache, limits, metrics or logs.

use std::net::Ipv4Addr;

use actix_web::http::header::CONTENT_ENCODING;
use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use edge::actor::Actor;
use edge::config::{AuthConfig, HttpConfig, Vars};
use edge::token::TokenVerifier;

struct Held {
    bytes: Bytes,
    encoding: String,
}

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    edge::tls::install();
    let arguments: [String; 4] = std::env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .ok()
        .context("usage: bare-list PORT JWKS_URL FILE ENCODING")?;
    let [port, jwks_url, file, encoding] = arguments;
    let vars = Vars::from_env();
    let workers = HttpConfig::from_vars(&vars, 0, 0)?.workers;
    let verifier = TokenVerifier::remote(jwks_url, &AuthConfig::from_vars(&vars))?;
    let verifier = web::Data::new(verifier);
    let held = web::Data::new(Held { bytes: std::fs::read(&file)?.into(), encoding });
    let app = move || {
        App::new()
            .app_data(verifier.clone())
            .app_data(held.clone())
            .default_service(web::get().to(list))
    };
    let server =
        HttpServer::new(app).workers(workers).bind((Ipv4Addr::LOCALHOST, port.parse()?))?;
    Ok(server.run().await?)
}

async fn list(_: Actor, held: web::Data<Held>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((CONTENT_ENCODING, held.encoding.as_str()))
        .body(held.bytes.clone())
}
