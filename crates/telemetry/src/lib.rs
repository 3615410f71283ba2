//! Starts tracing for a process and carries trace context across process borders.
//!
//! Every process logs structured events to standard output and, when a collector is configured,
//! exports spans over OTLP. W3C trace context travels in HTTP and AMQP headers, so that a request
//! and the export job it caused are one trace (architecture, section 6).

mod lines;
pub mod metric;
pub mod propagation;
pub mod request;
mod sampling;
pub mod span;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::fmt::format;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// Longest that one attempt to reach the collector may take. It happens on a thread of its own; the
/// limit matters to shutdown only, which waits for the last one.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(2);

static IS_DISABLED: AtomicBool = AtomicBool::new(false);

/// Whether this process was told to make neither traces nor metrics.
#[must_use]
pub fn is_disabled() -> bool {
    IS_DISABLED.load(Ordering::Relaxed)
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for collectors.
    #[default]
    Json,
    /// Short lines for a person at a terminal.
    Text,
}

/// What a process needs to know to be observable.
#[derive(Clone, Debug)]
pub struct TelemetryConfig {
    /// `service.name` of every span.
    pub service_name: &'static str,
    /// `service.instance.id` of every span.
    pub instance_id: String,
    /// `deployment.environment.name` of every span.
    pub environment: &'static str,
    /// Shape of the log lines.
    pub log_format: LogFormat,
    /// Base URL of an OTLP/HTTP collector; `None` exports nothing.
    pub otlp_endpoint: Option<String>,
    /// Share of new traces that are sampled, 0.0 to 1.0. A sampled parent is always followed.
    pub sample_ratio: f64,
    /// No traces and no metrics, whatever else is set; log lines stay as they are.
    pub is_disabled: bool,
}

/// Running telemetry; [`Telemetry::shutdown`] flushes what is still buffered.
#[must_use = "dropping it without shutdown() loses the last spans"]
#[derive(Debug)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Installs the global subscriber and propagator. `RUST_LOG` decides the log level (`info`).
    ///
    /// # Errors
    /// When the exporter cannot be built from the endpoint, or a subscriber is already installed.
    pub fn start(config: &TelemetryConfig) -> anyhow::Result<Self> {
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        IS_DISABLED.store(config.is_disabled, Ordering::Relaxed);
        let provider = config
            .otlp_endpoint
            .as_deref()
            .filter(|_| !config.is_disabled)
            .map(|endpoint| tracer_provider(config, endpoint))
            .transpose()?;
        let spans = provider.as_ref().map(|provider| {
            // Semantic conventions name our spans. Where in the source they are made and how long
            // a future lay idle would be paid for with every poll, also where nothing is sampled,
            // and nobody here asks OpenTelemetry for the context that is current.
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer(config.service_name))
                .with_location(false)
                .with_threads(false)
                .with_target(false)
                .with_tracked_inactivity(false)
                .with_context_activation(false)
        });
        let lines = match config.log_format {
            LogFormat::Json => tracing_subscriber::fmt::layer()
                .fmt_fields(lines::SpanFields)
                .event_format(lines::JsonLines)
                .boxed(),
            LogFormat::Text => tracing_subscriber::fmt::layer()
                .event_format(lines::TextLines(format::format().with_target(false)))
                .boxed(),
        };
        // What is logged is RUST_LOG's business, and what is traced the sampler's. Lines are told
        // of our spans at any level, because a job's id comes from them, and never of details.
        let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let context = filter_fn(|metadata| metadata.is_span() && metadata.target() != span::DETAIL)
            .with_max_level_hint(LevelFilter::INFO);
        let is_no_detail = filter_fn(|metadata| metadata.target() != span::DETAIL);
        tracing_subscriber::registry()
            .with(spans.map(|spans| spans.with_filter(LevelFilter::INFO)))
            .with(lines.with_filter(wanted.or(context).and(is_no_detail)))
            .try_init()?;
        Ok(Self { provider })
    }

    /// Flushes and stops the exporter. A dead collector costs at most the exporter's own timeout.
    pub fn shutdown(self) {
        if let Some(provider) = self.provider
            && let Err(error) = provider.shutdown()
        {
            tracing::warn!(%error, "last spans could not be exported");
        }
    }
}

fn tracer_provider(config: &TelemetryConfig, endpoint: &str) -> anyhow::Result<SdkTracerProvider> {
    // The signal path is appended here because with_endpoint, unlike the environment variable of
    // the OTLP specification, takes the URL verbatim.
    let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(url)
        .with_timeout(EXPORT_TIMEOUT)
        .build()?;
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(sampling::start(config.sample_ratio))
        .with_resource(resource(config))
        .build())
}

fn resource(config: &TelemetryConfig) -> Resource {
    Resource::builder()
        .with_service_name(config.service_name)
        .with_attributes([
            KeyValue::new("service.namespace", "statsbudsjettportalen"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", config.instance_id.clone()),
            KeyValue::new("deployment.environment.name", config.environment),
        ])
        .build()
}
