//! The one table from refused lock operations to what a client is told (contract 15).

use domain::lock::ResourceType;
use edge::ApiError;
use edge::problem::{Problem, ProblemType};
use store::StoreError;

use crate::lease::LeaseError;
use crate::routes::locks::LockView;

impl From<LeaseError> for ApiError {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::HeldBy(resource, lock) => {
                let what = match resource.kind {
                    ResourceType::Case => "Saken",
                    ResourceType::DepartmentList => "Departementslisten",
                };
                let message = format!("{what} er låst av {}.", lock.locked_by_name);
                let lock = serde_json::to_value(LockView::for_others(resource, *lock));
                Problem::new(ProblemType::LOCK_HELD)
                    .with_message(message)
                    .with_members(lock.unwrap_or_default())
                    .into()
            }
            LeaseError::Gone => Problem::new(ProblemType::NOT_FOUND)
                .with_message("Du har ikke lenger låsen.")
                .into(),
            LeaseError::NotHolder => Problem::new(ProblemType::FORBIDDEN)
                .with_message("Låsen tilhører en annen bruker.")
                .into(),
            LeaseError::Contended => Self::unavailable(error),
            LeaseError::Store(source) => from_store(source),
        }
    }
}

fn from_store(error: StoreError) -> ApiError {
    if error.retryable() { ApiError::unavailable(error) } else { ApiError::internal(error) }
}
