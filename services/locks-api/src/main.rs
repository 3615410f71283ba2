//! Starts locks-api: configuration, telemetry, application, and back in reverse order.

use edge::config::{Vars, telemetry_from_vars};
use locks_api::app::Application;
use locks_api::config::Config;
use telemetry::Telemetry;

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
        "locks-api is serving"
    );
    application.run_until(edge::shutdown::requested()).await
}
