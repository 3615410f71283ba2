//! The OpenAPI document that falls out of the routes, and the page that shows it.

use actix_web::App;
use utoipa::ToSchema as _;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, Ref, RefOr, Response,
};
use utoipa_actix_web::AppExt as _;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::problem::{FieldError, MEDIA_TYPE, ProblemSchema};

/// Name of the bearer scheme, for `security(("bearer" = []))` in route annotations.
pub const BEARER: &str = "bearer";

/// One API: its routes and how it presents itself.
#[derive(Clone, Copy, Debug)]
pub struct Api {
    /// Title of the document.
    pub title: &'static str,
    /// What the API is for.
    pub description: &'static str,
    /// Path below which `openapi.json` and the `docs` page are served, such as `/api`.
    pub base: &'static str,
    /// Registers every route through utoipa, so that none is missing from the document.
    pub configure: fn(&mut ServiceConfig<'_>),
}

impl Api {
    /// The document of every registered route.
    #[must_use]
    pub fn document(&self) -> OpenApi {
        let (_, mut document) =
            App::new().into_utoipa_app().configure(self.configure).split_for_parts();
        document.info = InfoBuilder::new()
            .title(self.title)
            .version(env!("CARGO_PKG_VERSION"))
            .description(Some(self.description))
            .license(Some(LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build()))
            .build();
        let components = document.components.get_or_insert_with(Components::new);
        components
            .add_security_scheme(BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        add_schema::<ProblemSchema>(components);
        add_schema::<FieldError>(components);
        // Deny by default, here as in the handlers: an anonymous route says `security(())`.
        document.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
        for operation in operations(&mut document) {
            operation.parameters.iter_mut().flatten().for_each(never_null);
        }
        for (_, response) in responses(&mut document) {
            for (media_type, content) in &mut response.content {
                if !media_type.ends_with("json") {
                    *content = ContentBuilder::new().schema(Some(bytes())).build().into();
                }
            }
        }
        for response in failing_responses(&mut document) {
            let problem = Ref::from_schema_name(ProblemSchema::name());
            response
                .content
                .entry(MEDIA_TYPE.to_owned())
                .or_insert_with(|| ContentBuilder::new().schema(Some(problem)).build().into());
        }
        document
    }
}

/// What is no JSON has no JSON schema: a workbook is neither a text nor a list of numbers.
fn bytes() -> RefOr<Schema> {
    let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
}

/// A header is sent or it is not; utoipa takes an optional one for one that may be null.
fn never_null(parameter: &mut RefOr<Parameter>) {
    if let RefOr::T(parameter) = parameter
        && parameter.parameter_in == ParameterIn::Header
        && let Some(RefOr::T(Schema::Object(object))) = &mut parameter.schema
        && let SchemaType::Array(types) = &object.schema_type
        && let Some(only) = types.iter().find(|one| **one != Type::Null)
    {
        object.schema_type = SchemaType::Type(only.clone());
    }
}

/// The failing responses that state no body of their own: every one of them is a problem, so
/// that routes need only name its type in the description.
fn failing_responses(document: &mut OpenApi) -> impl Iterator<Item = &mut Response> {
    responses(document)
        .filter(|(status, response)| status.starts_with(['4', '5']) && response.content.is_empty())
        .map(|(_, response)| response)
}

fn operations(document: &mut OpenApi) -> impl Iterator<Item = &mut Operation> {
    document
        .paths
        .paths
        .values_mut()
        .flat_map(|item| {
            [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete]
        })
        .flatten()
}

fn responses(document: &mut OpenApi) -> impl Iterator<Item = (&String, &mut Response)> {
    operations(document).flat_map(|operation| operation.responses.responses.iter_mut()).filter_map(
        |(status, response)| match response {
            RefOr::T(response) => Some((status, response)),
            RefOr::Ref(_) => None,
        },
    )
}

fn add_schema<T: utoipa::ToSchema>(components: &mut Components) {
    components.schemas.insert(T::name().into_owned(), T::schema());
}
