//! What a role alone decides, as arguments of handlers.
//!
//! Rules that also ask for a case or a department are not here: they belong to the use case, which
//! has loaded what they ask about.

use domain::list_template::{may_delete_templates, may_edit_templates};
use domain::role::Role;
use domain::submission::can_submit;
use edge::actor::RoleRule;

/// Case types, field overrides and the demo data are the administrator's.
#[derive(Clone, Debug)]
pub struct Administer;

impl RoleRule for Administer {
    const REFUSAL: &'static str = "Bare administratorer kan gjøre dette.";

    fn permits(role: Role) -> bool {
        role.is_admin()
    }
}

/// Making and changing templates of department lists.
#[derive(Clone, Debug)]
pub struct EditTemplates;

impl RoleRule for EditTemplates {
    const REFUSAL: &'static str = "Bare ledere i FIN og administratorer kan endre maler.";

    fn permits(role: Role) -> bool {
        may_edit_templates(role)
    }
}

/// Deleting templates of department lists.
#[derive(Clone, Debug)]
pub struct DeleteTemplates;

impl RoleRule for DeleteTemplates {
    const REFUSAL: &'static str = "Bare administratorer kan slette maler.";

    fn permits(role: Role) -> bool {
        may_delete_templates(role)
    }
}

/// Sending cases to the Ministry of Finance together.
#[derive(Clone, Debug)]
pub struct Submit;

impl RoleRule for Submit {
    const REFUSAL: &'static str = "Bare ledere og budsjettenheten kan sende innspill til FIN.";

    fn permits(role: Role) -> bool {
        can_submit(role)
    }
}
