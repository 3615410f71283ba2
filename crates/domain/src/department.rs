//! Department codes and e-mail addresses in the one spelling that is stored.
//!
//! The requirement's load scripts know three ministries by codes the portal does not use
//! (D-03). The aliases are resolved here, at the edge, so that nothing behind it has to know.

/// Script codes and the codes the portal uses for the same ministries (D-03).
const ALIASES: [(&str, &str); 3] = [("DID", "DFD"), ("EID", "ED"), ("OFD", "KDD")];

/// Code of the Ministry of Finance's budget side.
pub const FIN: &str = "FIN";

/// The stored spelling of a department code: upper case, aliases resolved.
///
/// ```
/// # use domain::department::canonical_code;
/// assert_eq!(canonical_code(" kld"), "KLD");
/// assert_eq!(canonical_code("ofd"), "KDD");
/// ```
#[must_use]
pub fn canonical_code(code: &str) -> String {
    let code = code.trim().to_uppercase();
    match ALIASES.iter().find(|(alias, _)| *alias == code) {
        Some((_, canonical)) => (*canonical).to_owned(),
        None => code,
    }
}

/// The stored spelling of an e-mail address: lower case, domain aliases resolved.
///
/// Set-B users are stored under the requirement's literal addresses, for instance
/// `budsjett1@did.dep.no`; the ministry's present domain `dfd.dep.no` reaches the same user
/// (seed-data contract 2.3). Note the direction: codes resolve *to* `DFD`, addresses *from* it.
///
/// ```
/// # use domain::department::canonical_email;
/// assert_eq!(canonical_email("Budsjett1@DFD.dep.no"), "budsjett1@did.dep.no");
/// assert_eq!(canonical_email("fag.dfd@test.no"), "fag.dfd@test.no");
/// ```
#[must_use]
pub fn canonical_email(email: &str) -> String {
    let email = email.trim().to_lowercase();
    let Some((name, ministry)) =
        email.strip_suffix(".dep.no").and_then(|address| address.rsplit_once('@'))
    else {
        return email;
    };
    match ALIASES.iter().find(|(_, code)| code.eq_ignore_ascii_case(ministry)) {
        Some((stored, _)) => format!("{name}@{}.dep.no", stored.to_lowercase()),
        None => email,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn script_codes_mean_the_ministries_the_portal_knows() {
        assert_eq!(canonical_code("did"), "DFD");
        assert_eq!(canonical_code("Eid"), "ED");
        assert_eq!(canonical_code("OFD"), "KDD");
        assert_eq!(canonical_code("kdd"), "KDD");
        assert_eq!(canonical_code("fin-fag"), "FIN-FAG");
    }

    #[test]
    fn both_domains_of_a_ministry_reach_the_same_user() {
        for (script, code) in ALIASES {
            assert_eq!(
                canonical_email(&format!("budsjett1@{code}.dep.no")),
                canonical_email(&format!("budsjett1@{script}.dep.no")),
            );
        }
        assert_eq!(canonical_email("saksbehandler1@FIN.dep.no"), "saksbehandler1@fin.dep.no");
    }

    proptest! {
        #[test]
        fn a_canonical_spelling_is_its_own(text in "\\PC{0,20}", name in "[a-z.]{1,8}", ministry in "(?i)(did|dfd|eid|ed|ofd|kdd|kld)") {
            let code = canonical_code(&text);
            prop_assert_eq!(canonical_code(&code), code);
            let email = canonical_email(&format!("{name}@{ministry}.dep.no"));
            prop_assert_eq!(canonical_email(&email), email);
        }
    }
}
