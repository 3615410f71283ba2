//! Starts cases-api: configuration, telemetry, application, and back in reverse order.

use cases_api::app::Application;
use cases_api::config::Config;
use edge::config::{Vars, telemetry_from_vars};
use telemetry::Telemetry;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    edge::tls::install();
    let vars = Vars::from_env();
    let config = Config::from_vars(&vars)?;
    let telemetry = Telemetry::start(&telemetry_from_vars(&vars, env!("CARGO_PKG_NAME"))?)?;
    let outcome = serve(config).await;
    telemetry.shutdown();
    outcome
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let application = Application::build(config).await?;
    tracing::info!(
        server.address = %application.address(),
        admin.address = %application.admin_address(),
        "cases-api is serving"
    );
    application.run_until(edge::shutdown::requested()).await
}
