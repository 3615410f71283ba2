//! Which side a case came from (domain contract 2.17, D-18).

use crate::role::Role;
use crate::wire::wire_enum;

wire_enum! {
    /// Side that created a case.
    pub enum Origin {
        /// A ministry.
        Fag = "fag", "FAG";
        /// The Ministry of Finance, or the administrator.
        Fin = "fin", "FIN";
    }
}

impl Origin {
    /// The origin of a case created by this role.
    #[must_use]
    pub const fn of_creator(role: Role) -> Self {
        if role.is_fag() { Self::Fag } else { Self::Fin }
    }
}
