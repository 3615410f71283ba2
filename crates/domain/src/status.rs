//! The life of a case: twelve statuses, 24 steps, and what each step brings about.
//!
//! The workflow is a pure function over one table ([`steps`]): status, target and role in,
//! decision out. The client carries the same table and computes its buttons from it, so the two
//! must agree row by row. Sets of statuses are constants, used by these rules and by SQL filters
//! alike.

mod steps;

pub use steps::{FinHandler, Step, StepRefusal, StepRequest, closes_rounds, decide, steps};

use crate::wire::wire_enum;

wire_enum! {
    /// Status of a case (domain contract 2.3).
    pub enum Status {
        /// Begun.
        Draft = "draft", "Utkast";
        /// Being written.
        UnderArbeid = "under_arbeid", "Under arbeid";
        /// Before the ministry's own leaders.
        TilAvklaring = "til_avklaring", "Til avklaring i fagavdeling";
        /// Ready for the ministry's budget unit.
        Klarert = "klarert", "Klar til budsjettenhet";
        /// Approved by the ministry's political leadership.
        GodkjentPol = "godkjent_pol", "Godkjent av POL";
        /// Handed to the Ministry of Finance.
        SendtTilFin = "sendt_til_fin", "Sendt til FIN";
        /// Being assessed there.
        UnderVurderingFin = "under_vurdering_fin", "Under vurdering (FIN)";
        /// Assessed.
        FerdigbehandletFin = "ferdigbehandlet_fin", "Ferdigbehandlet (FIN)";
        /// Before the government.
        SendtTilRegjeringen = "sendt_til_regjeringen", "Sendt til regjeringen";
        /// Decided by the government. Terminal.
        Regjeringsbehandlet = "regjeringsbehandlet", "Regjeringsbehandlet";
        /// Sent back to its ministry for more work.
        ReturnertTilFag = "returnert_til_fag", "Returnert til FAG";
        /// Rejected by the Ministry of Finance. Terminal.
        AvvistAvFin = "avvist_av_fin", "Avvist av FIN";
    }
}

/// Statuses a case has before the Ministry of Finance knows of it.
pub const PRE_FIN: [Status; 5] = [
    Status::Draft,
    Status::UnderArbeid,
    Status::TilAvklaring,
    Status::Klarert,
    Status::GodkjentPol,
];

/// Statuses in which the Ministry of Finance sees a case: every one but [`PRE_FIN`].
pub const FIN_VISIBLE: [Status; 7] = [
    Status::SendtTilFin,
    Status::UnderVurderingFin,
    Status::ReturnertTilFag,
    Status::AvvistAvFin,
    Status::FerdigbehandletFin,
    Status::SendtTilRegjeringen,
    Status::Regjeringsbehandlet,
];

/// Statuses in which a ministry may read FIN's own text.
pub const FIN_TEXT_VISIBLE_TO_FAG: [Status; 2] =
    [Status::SendtTilRegjeringen, Status::Regjeringsbehandlet];

/// Statuses that end a case. A round is finished when all its cases are in one of these (4.4).
pub const CLOSED: [Status; 2] = [Status::Regjeringsbehandlet, Status::AvvistAvFin];

impl Status {
    /// Whether the Ministry of Finance does not yet know of the case.
    #[must_use]
    pub fn is_pre_fin(self) -> bool {
        PRE_FIN.contains(&self)
    }

    /// Whether the Ministry of Finance sees the case.
    #[must_use]
    pub fn is_fin_visible(self) -> bool {
        FIN_VISIBLE.contains(&self)
    }

    /// Whether the case has ended: no step leads out, nobody edits it.
    #[must_use]
    pub fn is_closed(self) -> bool {
        CLOSED.contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_either_pre_fin_or_fin_visible() {
        for status in Status::ALL {
            assert_ne!(status.is_pre_fin(), status.is_fin_visible(), "{status}");
        }
    }

    #[test]
    fn where_a_ministry_reads_fin_text_fin_sees_the_case() {
        assert!(FIN_TEXT_VISIBLE_TO_FAG.iter().all(|status| status.is_fin_visible()));
    }

    #[test]
    fn wire_value_serde_and_parsing_are_one_spelling() {
        for status in Status::ALL {
            let json = serde_json::to_string(&status).unwrap();
            assert_eq!(json, format!("\"{}\"", status.as_str()));
            assert_eq!(serde_json::from_str::<Status>(&json).unwrap(), status);
            assert_eq!(status.as_str().parse::<Status>().unwrap(), status);
        }
        assert!("sendt til fin".parse::<Status>().is_err());
    }
}
