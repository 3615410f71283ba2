//! Who a user is: twelve roles on two sides of the budget process.
//!
//! Every permission in the contract is stated by role or role group (api 1.4, domain 2.1), so the
//! groups are methods here and nobody compares role texts. The role also follows from a job title
//! when users come from an external directory (domain 2.2).

use crate::wire::wire_enum;

wire_enum! {
    /// A user's role (domain contract 2.1).
    pub enum Role {
        /// Case worker in a ministry.
        SaksbehandlerFag = "saksbehandler_fag", "Saksbehandler FAG";
        /// A ministry's budget unit; counts as a FAG leader.
        BudsjettenhetFag = "budsjettenhet_fag", "Budsjettenhet FAG";
        /// Deputy director in a ministry.
        UnderdirektorFag = "underdirektor_fag", "Underdirektør FAG";
        /// Director in a ministry.
        AvdelingsdirektorFag = "avdelingsdirektor_fag", "Avdelingsdirektør FAG";
        /// Director general in a ministry.
        EkspedisjonssjefFag = "ekspedisjonssjef_fag", "Ekspedisjonssjef FAG";
        /// Secretary general of a ministry.
        DepartementsraadFag = "departementsraad_fag", "Departementsråd FAG";
        /// Case worker in the Ministry of Finance.
        SaksbehandlerFin = "saksbehandler_fin", "Saksbehandler FIN";
        /// Deputy director in the Ministry of Finance.
        UnderdirektorFin = "underdirektor_fin", "Underdirektør FIN";
        /// Director in the Ministry of Finance.
        AvdelingsdirektorFin = "avdelingsdirektor_fin", "Avdelingsdirektør FIN";
        /// Director general in the Ministry of Finance.
        EkspedisjonssjefFin = "ekspedisjonssjef_fin", "Ekspedisjonssjef FIN";
        /// Secretary general of the Ministry of Finance.
        DepartementsraadFin = "departementsraad_fin", "Departementsråd FIN";
        /// Administers the portal itself.
        Administrator = "administrator", "Administrator";
    }
}

wire_enum! {
    /// The two sides of the process; the suffix of the role texts.
    pub enum Side {
        /// The ministries, which propose.
        Fag = "fag", "FAG";
        /// The Ministry of Finance, which assesses.
        Fin = "fin", "FIN";
    }
}

wire_enum! {
    /// Rank of a leader (domain contract 2.2); absent for case workers.
    pub enum LeaderLevel {
        /// Deputy director.
        Underdirektor = "underdirektor", "Underdirektør";
        /// Director.
        Avdelingsdirektor = "avdelingsdirektor", "Avdelingsdirektør";
        /// Director general.
        Ekspedisjonssjef = "ekspedisjonssjef", "Ekspedisjonssjef";
        /// Secretary general.
        Departementsraad = "departementsraad", "Departementsråd";
    }
}

impl Side {
    /// The side of a department: FIN only for the code `FIN` itself, so `FIN-FAG` is FAG.
    #[must_use]
    pub fn of_department(code: &str) -> Self {
        if code == "FIN" { Self::Fin } else { Self::Fag }
    }
}

impl LeaderLevel {
    /// The rank a job title states, in any letter case; `None` for every other title.
    #[must_use]
    pub fn from_job_title(job_title: &str) -> Option<Self> {
        let title = job_title.trim().to_lowercase();
        Self::ALL.into_iter().find(|level| level.label().to_lowercase() == title)
    }
}

impl Role {
    /// The role that follows from a directory entry (domain contract 2.2).
    ///
    /// Membership of a budget unit overrides the title, on the FAG side only.
    #[must_use]
    pub fn from_job_title(job_title: Option<&str>, side: Side, in_budget_unit: bool) -> Self {
        if in_budget_unit && side == Side::Fag {
            return Self::BudsjettenhetFag;
        }
        match (side, job_title.and_then(LeaderLevel::from_job_title)) {
            (Side::Fag, None) => Self::SaksbehandlerFag,
            (Side::Fag, Some(LeaderLevel::Underdirektor)) => Self::UnderdirektorFag,
            (Side::Fag, Some(LeaderLevel::Avdelingsdirektor)) => Self::AvdelingsdirektorFag,
            (Side::Fag, Some(LeaderLevel::Ekspedisjonssjef)) => Self::EkspedisjonssjefFag,
            (Side::Fag, Some(LeaderLevel::Departementsraad)) => Self::DepartementsraadFag,
            (Side::Fin, None) => Self::SaksbehandlerFin,
            (Side::Fin, Some(LeaderLevel::Underdirektor)) => Self::UnderdirektorFin,
            (Side::Fin, Some(LeaderLevel::Avdelingsdirektor)) => Self::AvdelingsdirektorFin,
            (Side::Fin, Some(LeaderLevel::Ekspedisjonssjef)) => Self::EkspedisjonssjefFin,
            (Side::Fin, Some(LeaderLevel::Departementsraad)) => Self::DepartementsraadFin,
        }
    }

    /// The side of the process; `None` for the administrator, who stands on neither.
    #[must_use]
    pub const fn side(self) -> Option<Side> {
        match self {
            Self::SaksbehandlerFag
            | Self::BudsjettenhetFag
            | Self::UnderdirektorFag
            | Self::AvdelingsdirektorFag
            | Self::EkspedisjonssjefFag
            | Self::DepartementsraadFag => Some(Side::Fag),
            Self::SaksbehandlerFin
            | Self::UnderdirektorFin
            | Self::AvdelingsdirektorFin
            | Self::EkspedisjonssjefFin
            | Self::DepartementsraadFin => Some(Side::Fin),
            Self::Administrator => None,
        }
    }

    /// The rank the role carries; `None` for case workers, budget units and the administrator.
    #[must_use]
    pub const fn leader_level(self) -> Option<LeaderLevel> {
        match self {
            Self::UnderdirektorFag | Self::UnderdirektorFin => Some(LeaderLevel::Underdirektor),
            Self::AvdelingsdirektorFag | Self::AvdelingsdirektorFin => {
                Some(LeaderLevel::Avdelingsdirektor)
            }
            Self::EkspedisjonssjefFag | Self::EkspedisjonssjefFin => {
                Some(LeaderLevel::Ekspedisjonssjef)
            }
            Self::DepartementsraadFag | Self::DepartementsraadFin => {
                Some(LeaderLevel::Departementsraad)
            }
            Self::SaksbehandlerFag
            | Self::BudsjettenhetFag
            | Self::SaksbehandlerFin
            | Self::Administrator => None,
        }
    }

    /// Role group FAG (api contract 1.4).
    #[must_use]
    pub const fn is_fag(self) -> bool {
        matches!(self.side(), Some(Side::Fag))
    }

    /// Role group `FAG_LEAD`: FAG without its case workers, so budget units are in it.
    #[must_use]
    pub const fn is_fag_lead(self) -> bool {
        self.is_fag() && !matches!(self, Self::SaksbehandlerFag)
    }

    /// Role group FIN.
    #[must_use]
    pub const fn is_fin(self) -> bool {
        matches!(self.side(), Some(Side::Fin))
    }

    /// Role group `FIN_LEAD`: FIN without its case workers.
    #[must_use]
    pub const fn is_fin_lead(self) -> bool {
        self.is_fin() && !matches!(self, Self::SaksbehandlerFin)
    }

    /// Role group ADMIN.
    #[must_use]
    pub const fn is_admin(self) -> bool {
        matches!(self, Self::Administrator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_value_serde_and_parsing_are_one_spelling() {
        for role in Role::ALL {
            let json = serde_json::to_string(&role).unwrap();
            assert_eq!(json, format!("\"{}\"", role.as_str()));
            assert_eq!(serde_json::from_str::<Role>(&json).unwrap(), role);
            assert_eq!(role.as_str().parse::<Role>().unwrap(), role);
        }
        assert!("SAKSBEHANDLER_FAG".parse::<Role>().is_err());
    }

    #[test]
    fn every_role_is_in_exactly_one_of_fag_fin_admin_as_its_name_says() {
        for role in Role::ALL {
            assert_eq!(role.is_fag(), role.as_str().ends_with("_fag"), "{role}");
            assert_eq!(role.is_fin(), role.as_str().ends_with("_fin"), "{role}");
            assert_eq!(role.is_admin(), role.side().is_none(), "{role}");
        }
    }

    #[test]
    fn leaders_are_everyone_but_case_workers_and_the_administrator() {
        let leaders: Vec<_> =
            Role::ALL.into_iter().filter(|r| r.is_fag_lead() || r.is_fin_lead()).collect();
        assert_eq!(leaders.len(), 9);
        assert!(leaders.contains(&Role::BudsjettenhetFag));
        assert!(!leaders.contains(&Role::SaksbehandlerFag));
        assert!(!leaders.contains(&Role::SaksbehandlerFin));
    }

    #[test]
    fn a_job_title_decides_role_and_rank_in_any_letter_case() {
        let role = |title, side| Role::from_job_title(Some(title), side, false);
        assert_eq!(role("UNDERDIREKTØR", Side::Fag), Role::UnderdirektorFag);
        assert_eq!(role("Departementsråd", Side::Fin), Role::DepartementsraadFin);
        assert_eq!(role("seniorrådgiver", Side::Fin), Role::SaksbehandlerFin);
        assert_eq!(Role::from_job_title(None, Side::Fag, false), Role::SaksbehandlerFag);
        for side in Side::ALL {
            for level in LeaderLevel::ALL {
                let derived = role(level.label(), side);
                assert_eq!(derived.leader_level(), Some(level));
                assert_eq!(derived.as_str(), format!("{level}_{side}"));
            }
        }
    }

    #[test]
    fn a_budget_unit_overrides_the_title_on_the_fag_side_only() {
        let title = Some("Ekspedisjonssjef");
        assert_eq!(Role::from_job_title(title, Side::Fag, true), Role::BudsjettenhetFag);
        assert_eq!(Role::from_job_title(title, Side::Fin, true), Role::EkspedisjonssjefFin);
        assert_eq!(Role::BudsjettenhetFag.leader_level(), None);
    }

    #[test]
    fn only_the_code_fin_itself_is_the_fin_side() {
        assert_eq!(Side::of_department("FIN"), Side::Fin);
        assert_eq!(Side::of_department("FIN-FAG"), Side::Fag);
        assert_eq!(Side::of_department("KLD"), Side::Fag);
    }
}
