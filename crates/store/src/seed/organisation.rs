//! The ministries, budget rounds and case types of the demo (seed-data 1, 3 and 5), as tables that
//! a reviewer can hold against the contract.

use chrono::{DateTime, Utc};
use domain::case_type::{FieldDefinition, StandardCaseType};
use serde_json::json;
use uuid::Uuid;

use super::copy::JsonText;
use super::ids::{stable_id, utc};
use super::rows::{CaseTypeRow, DepartmentRow, RoundRow};
use super::topics;

/// One spending ministry. The name list order is that of the client's select.
pub(super) struct Ministry {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    /// Value of `responsibleDivision`; cases alternate between the two.
    pub(super) divisions: [&'static str; 2],
    /// Names on the login cards, users 1–6 of seed-data 2.2.
    pub(super) cards: [&'static str; 6],
    /// Subjects for case names, lower case, usable after a preposition.
    pub(super) topics: &'static [&'static str; 8],
}

impl Ministry {
    pub(super) fn id(&self) -> Uuid {
        department_id(self.code)
    }

    /// The code as it is spelt in the e-mail addresses of set A.
    pub(super) fn mail_code(&self) -> String {
        self.code.to_lowercase()
    }
}

/// Code of the Ministry of Finance's budget side, the one department without cases of its own.
pub(super) const FIN: &str = "FIN";

/// Id of a department by its canonical code.
pub(super) fn department_id(code: &str) -> Uuid {
    stable_id("department", code)
}

#[rustfmt::skip]
pub(super) const MINISTRIES: [Ministry; 16] = [
    Ministry {
        code: "AID", name: "Arbeids- og inkluderingsdepartementet",
        divisions: ["Arbeidspolitisk avdeling", "Inkluderingsavdelingen"],
        cards: ["Kari Nordmann", "Ole Hansen", "Marte Moen", "Gro Aas", "Randi Dahl", "Odd Lund"],
        topics: &topics::AID,
    },
    Ministry {
        code: "BFD", name: "Barne- og familiedepartementet",
        divisions: ["Barnevernsavdelingen", "Familie- og oppvekstavdelingen"],
        cards: ["Eva Johansen", "Per Olsen", "Turid Svendsen", "Dag Aasen", "Liv Brekke", "Alf Fjeld"],
        topics: &topics::BFD,
    },
    Ministry {
        code: "DFD", name: "Digitaliserings- og forvaltningsdepartementet",
        divisions: ["Digitaliseringsavdelingen", "Forvaltningsavdelingen"],
        cards: ["Anna Larsen", "Bjørn Andersen", "Siri Vik", "Nils Rønning", "Kristin Hauge", "Svein Bye"],
        topics: &topics::DFD,
    },
    Ministry {
        code: "ED", name: "Energidepartementet",
        divisions: ["Energi- og vassdragsavdelingen", "Avdeling for olje og gass"],
        cards: ["Ingrid Pedersen", "Erik Nilsen", "Else Tangen", "Trond Borge", "Hege Ås", "Leif Sten"],
        topics: &topics::ED,
    },
    Ministry {
        code: "FD", name: "Forsvarsdepartementet",
        divisions: ["Avdeling for økonomi og styring", "Avdeling for investeringer"],
        cards: ["Marit Kristiansen", "Lars Jensen", "Solveig Ryen", "Pål Ness", "Anita Vang", "Øyvind Eid"],
        topics: &topics::FD,
    },
    Ministry {
        code: "HOD", name: "Helse- og omsorgsdepartementet",
        divisions: ["Spesialisthelsetjenesteavdelingen", "Kommunetjenesteavdelingen"],
        cards: ["Hilde Berg", "Tor Haugen", "Wenche Krog", "Helge Rud", "Bente Foss", "Arve Hol"],
        topics: &topics::HOD,
    },
    Ministry {
        code: "JD", name: "Justis- og beredskapsdepartementet",
        divisions: ["Politiavdelingen", "Kriminalomsorgsavdelingen"],
        cards: ["Silje Hagen", "Hans Eriksen", "Trine Ask", "Gunnar Sæther", "Tonje Bø", "Ivar Rud"],
        topics: &topics::JD,
    },
    Ministry {
        code: "KLD", name: "Klima- og miljødepartementet",
        divisions: ["Klimaavdelingen", "Naturavdelingen"],
        cards: ["Berit Bakken", "Jon Solberg", "Kirsten Lien", "Atle Rø", "Guri Sand", "Magne Eng"],
        topics: &topics::KLD,
    },
    Ministry {
        code: "KDD", name: "Kommunal- og distriktsdepartementet",
        divisions: ["Kommunalavdelingen", "Distriktsavdelingen"],
        cards: ["Marte Moen", "Stein Strand", "Åse Dybdahl", "Rolf Bjørk", "Inger Nes", "Kåre Furu"],
        topics: &topics::KDD,
    },
    Ministry {
        code: "KUD", name: "Kultur- og likestillingsdepartementet",
        divisions: ["Kulturavdelingen", "Likestillingsavdelingen"],
        cards: ["Gro Aas", "Geir Lie", "Ellen Lund", "Vidar Mo", "Nina Ås", "Terje Vik"],
        topics: &topics::KUD,
    },
    Ministry {
        code: "KD", name: "Kunnskapsdepartementet",
        divisions: ["Universitets- og høyskoleavdelingen", "Opplæringsavdelingen"],
        cards: ["Randi Dahl", "Odd Lund", "Frøydis Hem", "Tore Li", "Heidi Dal", "Arne Ås"],
        topics: &topics::KD,
    },
    Ministry {
        code: "LMD", name: "Landbruks- og matdepartementet",
        divisions: ["Landbrukspolitisk avdeling", "Matpolitisk avdeling"],
        cards: ["Turid Svendsen", "Dag Aasen", "Sigrid Nes", "Knut Hol", "Tone Rud", "Jan Eid"],
        topics: &topics::LMD,
    },
    Ministry {
        code: "NFD", name: "Nærings- og fiskeridepartementet",
        divisions: ["Næringspolitisk avdeling", "Fiskeri- og havbruksavdelingen"],
        cards: ["Liv Brekke", "Alf Fjeld", "Astrid Mo", "Olav Foss", "Gerd Sand", "Roar Eng"],
        topics: &topics::NFD,
    },
    Ministry {
        code: "SD", name: "Samferdselsdepartementet",
        divisions: ["Vegavdelingen", "Jernbaneavdelingen"],
        cards: ["Siri Vik", "Nils Rønning", "Jorunn Bø", "Erlend Nes", "Karin Rud", "Bjarne Li"],
        topics: &topics::SD,
    },
    Ministry {
        code: "UD", name: "Utenriksdepartementet",
        divisions: ["Avdeling for regionale spørsmål", "Avdeling for utviklingspolitikk"],
        cards: ["Kristin Hauge", "Svein Bye", "Ragnhild Ask", "Harald Hol", "Anne Furu", "Einar Eid"],
        topics: &topics::UD,
    },
    Ministry {
        code: "FIN-FAG", name: "Finansdepartementet (fagavdelinger)",
        divisions: ["Skattelovavdelingen", "Finansmarkedsavdelingen"],
        cards: ["Camilla Lyng", "Thomas Rø", "Vibeke Gran", "Steinar Mo", "Lise Skau", "Geir Dal"],
        topics: &topics::FIN_FAG,
    },
];

/// The 17 departments: the spending ministries and FIN.
pub(super) fn departments() -> Vec<DepartmentRow> {
    let fin = (FIN, "Finansdepartementet");
    MINISTRIES
        .iter()
        .map(|ministry| (ministry.code, ministry.name))
        .chain([fin])
        .map(|(code, name)| DepartmentRow { id: department_id(code), code, name })
        .collect()
}

/// A demo budget round. The two after the contract's pair are its recommended extras: the `mars`
/// template needs an open `mars` round, and `rnb` is there for variety.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Round {
    Aug2026,
    Mars2026,
    Mars2027,
    Rnb2026,
}

impl Round {
    pub(super) const ALL: [Round; 4] =
        [Round::Aug2026, Round::Mars2026, Round::Mars2027, Round::Rnb2026];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Round::Aug2026 => "AUG2026",
            Round::Mars2026 => "MARS2026",
            Round::Mars2027 => "MARS2027",
            Round::Rnb2026 => "RNB2026",
        }
    }

    pub(super) fn id(self) -> Uuid {
        round_id(self.name())
    }

    fn row(self) -> RoundRow {
        let (kind, year, deadline, closed_at) = match self {
            Round::Aug2026 => ("august", 2026, (2026, 8, 15), None),
            Round::Mars2026 => ("mars", 2026, (2026, 3, 1), Some(utc((2026, 3, 15), (12, 0, 0)))),
            Round::Mars2027 => ("mars", 2027, (2027, 3, 1), None),
            Round::Rnb2026 => ("rnb", 2026, (2026, 4, 20), None),
        };
        round_row(self.name(), (kind, year), utc(deadline, (23, 59, 59)), closed_at)
    }
}

/// Id of a round by its name.
pub(super) fn round_id(name: &str) -> Uuid {
    stable_id("budget_round", name)
}

/// A round row; closed exactly when it has a closing time.
pub(super) fn round_row(
    name: &str,
    (kind, year): (&'static str, i32),
    deadline: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
) -> RoundRow {
    RoundRow {
        id: round_id(name),
        name: name.to_owned(),
        r#type: kind,
        year,
        status: if closed_at.is_some() { "closed" } else { "open" },
        deadline: Some(deadline),
        closed_at,
    }
}

pub(super) fn rounds() -> Vec<RoundRow> {
    Round::ALL.into_iter().map(Round::row).collect()
}

/// The standard case types in their sort order, which is also the cycle of seed-data 4.2.
pub(super) fn case_types() -> Vec<CaseTypeRow> {
    let created_at = utc((2025, 11, 1), (8, 0, 0));
    StandardCaseType::ALL
        .into_iter()
        .zip(1..)
        .map(|(kind, sort_order)| CaseTypeRow {
            id: stable_id("case_type", kind.as_str()),
            code: kind.as_str(),
            name: kind.label(),
            description: kind.description(),
            sort_order,
            fields: JsonText::of(&field_list(kind.fields())),
            created_at,
            updated_at: created_at,
        })
        .collect()
}

fn field_list(fields: &[FieldDefinition]) -> serde_json::Value {
    fields
        .iter()
        .map(|definition| {
            json!({
                "key": definition.field.as_str(),
                "label": definition.label,
                "required": definition.required,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_seventeen_departments_with_distinct_codes() {
        let codes: BTreeSet<&str> = departments().iter().map(|row| row.code).collect();
        assert_eq!(codes.len(), 17);
        assert!(codes.contains("FIN") && codes.contains("FIN-FAG"));
    }

    #[test]
    fn the_rounds_are_the_contracts_and_two_extras() {
        let rounds = rounds();
        let described: Vec<String> = rounds
            .iter()
            .map(|r| {
                let deadline = r.deadline.expect("every demo round has one").to_rfc3339();
                format!("{} {} {} {} {deadline}", r.name, r.r#type, r.year, r.status)
            })
            .collect();
        assert_eq!(described[0], "AUG2026 august 2026 open 2026-08-15T23:59:59+00:00");
        assert_eq!(described[1], "MARS2026 mars 2026 closed 2026-03-01T23:59:59+00:00");
        let closed_at = rounds[1].closed_at.expect("a closed round has a closing time");
        assert_eq!(closed_at.to_rfc3339(), "2026-03-15T12:00:00+00:00");
        assert_eq!(described[2], "MARS2027 mars 2027 open 2027-03-01T23:59:59+00:00");
        assert_eq!(described[3], "RNB2026 rnb 2026 open 2026-04-20T23:59:59+00:00");
    }

    #[test]
    fn case_types_have_the_contracts_fields() {
        let counts: Vec<(&str, usize)> =
            StandardCaseType::ALL.map(|kind| (kind.as_str(), kind.fields().len())).to_vec();
        let expected = [
            ("satsingsforslag", 7),
            ("budsjettiltak", 3),
            ("teknisk_justering", 2),
            ("andre_saker", 4),
        ];
        assert_eq!(counts, expected);
        assert!(case_types().iter().all(|row| row.description.len() <= 500));
    }
}
