//! A case's place on FIN's list: the A list, the B list, or none yet (domain contract 2.16).

use crate::wire::wire_enum;

wire_enum! {
    /// Placement of a case, and subgroup of its entry in a department list.
    pub enum ListPlacement {
        /// Recommended.
        AList = "a_list", "A-listen";
        /// Held back.
        BList = "b_list", "B-listen";
    }
}
