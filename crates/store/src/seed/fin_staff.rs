//! The Ministry of Finance's side of set A (seed-data 2.1), in the contract's order: the first
//! `saksbehandler_fin` listed for a ministry is the one who handles its seeded cases.

use domain::role::Role;

/// One officer of the budget side.
pub(super) struct FinOfficer {
    pub(super) email: &'static str,
    pub(super) name: &'static str,
    pub(super) job_title: Option<&'static str>,
    pub(super) role: Role,
    pub(super) section: Option<&'static str>,
    /// Codes of the assigned departments; the first is the primary one, except for the two leaders
    /// who have all.
    pub(super) portfolio: &'static [&'static str],
}

const NAERING: Option<&str> = Some("Næringsseksjonen");
const STATSFORVALTNING: Option<&str> = Some("Statsforvaltningsseksjonen");
const OVERFORING: Option<&str> = Some("Overføringsseksjonen");

/// All departments except FIN: the portfolio of the two top leaders.
pub(super) const EVERYTHING: &[&str] = &[
    "AID", "BFD", "DFD", "ED", "FD", "HOD", "JD", "KLD", "KDD", "KUD", "KD", "LMD", "NFD", "SD",
    "UD", "FIN-FAG",
];

const SENIOR: &str = "Seniorrådgiver";
const RADGIVER: &str = "Rådgiver";
const KONSULENT: &str = "Førstekonsulent";

const fn leader(
    email: &'static str,
    name: &'static str,
    role: Role,
    section: Option<&'static str>,
    portfolio: &'static [&'static str],
) -> FinOfficer {
    let job_title = match role.leader_level() {
        Some(level) => Some(level.label()),
        None => None,
    };
    FinOfficer { email, name, job_title, role, section, portfolio }
}

const fn handler(
    email: &'static str,
    name: &'static str,
    job_title: &'static str,
    section: Option<&'static str>,
    portfolio: &'static [&'static str],
) -> FinOfficer {
    FinOfficer {
        email,
        name,
        job_title: Some(job_title),
        role: Role::SaksbehandlerFin,
        section,
        portfolio,
    }
}

#[rustfmt::skip]
pub(super) const FIN_STAFF: [FinOfficer; 35] = [
    leader("depraad.fin@test.no", "Elisabeth Torp", Role::DepartementsraadFin, None, EVERYTHING),
    leader("ekspsjef.fin@test.no", "Arne Lindgren", Role::EkspedisjonssjefFin, None, EVERYTHING),
    leader("admin@test.no", "Admin Bruker", Role::Administrator, None, &[]),

    leader("avddir.naering@fin.test.no", "Morten Vik", Role::AvdelingsdirektorFin, NAERING,
        &["KLD", "ED", "LMD", "NFD", "UD"]),
    leader("unddir.naering1@fin.test.no", "Silje Haugen", Role::UnderdirektorFin, NAERING,
        &["KLD", "ED", "LMD"]),
    leader("unddir.naering2@fin.test.no", "Tor Berge", Role::UnderdirektorFin, NAERING,
        &["NFD", "UD"]),
    handler("fin.kld@test.no", "Eva Johansen", SENIOR, NAERING, &["KLD"]),
    handler("fin.ed@test.no", "Lars Bakken", RADGIVER, NAERING, &["ED"]),
    handler("fin.lmd@test.no", "Hilde Strand", SENIOR, NAERING, &["LMD"]),
    handler("fin.nfd@test.no", "Geir Lie", SENIOR, NAERING, &["NFD"]),
    handler("fin.ud@test.no", "Randi Moen", RADGIVER, NAERING, &["UD"]),

    leader("avddir.statsforv@fin.test.no", "Kristin Aas", Role::AvdelingsdirektorFin, STATSFORVALTNING,
        &["KUD", "FIN-FAG", "SD", "DFD", "JD", "FD"]),
    leader("unddir.statsforv1@fin.test.no", "Hans Dahl", Role::UnderdirektorFin, STATSFORVALTNING,
        &["KUD", "FIN-FAG", "SD", "DFD"]),
    leader("unddir.statsforv2@fin.test.no", "Berit Lund", Role::UnderdirektorFin, STATSFORVALTNING,
        &["JD", "FD"]),
    handler("fin.kud@test.no", "Odd Eriksen", SENIOR, STATSFORVALTNING, &["KUD"]),
    handler("fin.finfag@test.no", "Turid Nilsen", RADGIVER, STATSFORVALTNING, &["FIN-FAG"]),
    handler("fin.sd1@test.no", "Dag Solberg", SENIOR, STATSFORVALTNING, &["SD"]),
    handler("fin.sd2@test.no", "Gro Hagen", KONSULENT, STATSFORVALTNING, &["SD"]),
    handler("fin.dfd@test.no", "Alf Brekke", RADGIVER, STATSFORVALTNING, &["DFD"]),
    handler("fin.jd1@test.no", "Siri Jensen", SENIOR, STATSFORVALTNING, &["JD"]),
    handler("fin.jd2@test.no", "Nils Aasen", RADGIVER, STATSFORVALTNING, &["JD"]),
    handler("fin.fd1@test.no", "Liv Rønning", SENIOR, STATSFORVALTNING, &["FD"]),
    handler("fin.fd2@test.no", "Svein Bye", KONSULENT, STATSFORVALTNING, &["FD"]),

    leader("avddir.overf@fin.test.no", "Per Olsen", Role::AvdelingsdirektorFin, OVERFORING,
        &["HOD", "BFD", "KDD", "KD", "AID"]),
    leader("unddir.overf1@fin.test.no", "Marit Berg", Role::UnderdirektorFin, OVERFORING,
        &["HOD", "BFD", "KDD"]),
    leader("unddir.overf2@fin.test.no", "Erik Fjeld", Role::UnderdirektorFin, OVERFORING,
        &["KD", "AID"]),
    handler("fin.hod1@test.no", "Anna Pedersen", SENIOR, OVERFORING, &["HOD"]),
    handler("fin.hod2@test.no", "Bjørn Kristiansen", RADGIVER, OVERFORING, &["HOD"]),
    handler("fin.bfd@test.no", "Ingrid Andersen", SENIOR, OVERFORING, &["BFD"]),
    handler("fin.kdd@test.no", "Stein Svendsen", RADGIVER, OVERFORING, &["KDD"]),
    handler("fin.kd1@test.no", "Marte Hauge", SENIOR, OVERFORING, &["KD"]),
    handler("fin.kd2@test.no", "Jon Larsen", KONSULENT, OVERFORING, &["KD"]),
    handler("fin.aid1@test.no", "Kari Hansen", SENIOR, OVERFORING, &["AID"]),
    handler("fin.aid2@test.no", "Ole Nordmann", RADGIVER, OVERFORING, &["AID"]),
    handler("fin.aid3@test.no", "Grete Holm", KONSULENT, OVERFORING, &["AID"]),
];
