//! Ids and times of seeded rows. They are derived from natural keys and a fixed base date, so that
//! a reset brings back the same links: a bookmark, a test or a load script keeps working.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use uuid::Uuid;

/// Namespace of every seeded id; changing it changes all of them.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d2f_0c5e_9b1a_4c7d_8e35_5f1d_2a60_b9c4);

/// The id of the row of `kind` that has this natural key.
pub(super) fn stable_id(kind: &str, key: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{kind}:{key}").as_bytes())
}

/// A calendar instant in UTC. Only called with literals; a test reads every one back.
pub(super) fn utc(date: (i32, u32, u32), time: (u32, u32, u32)) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(date.0, date.1, date.2, time.0, time.1, time.2)
        .single()
        .unwrap_or_default()
}

/// The instant from which the demo's calendar counts (seed-data 4.3).
pub(super) fn base_date() -> DateTime<Utc> {
    utc((2025, 12, 1), (10, 0, 0))
}

/// `days` whole days.
pub(super) fn days(days: usize) -> TimeDelta {
    TimeDelta::days(signed(days))
}

/// An index as the signed number that SQL and money arithmetic want. Indexes here are small, so the
/// bound is never reached.
pub(super) fn signed(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

/// An index as an SQL `integer`; see [`signed`].
pub(super) fn small(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_depend_on_kind_and_key_only() {
        assert_eq!(stable_id("user", "a"), stable_id("user", "a"));
        assert_ne!(stable_id("user", "a"), stable_id("case", "a"));
    }

    #[test]
    fn the_base_date_is_the_contracts() {
        assert_eq!(base_date().to_rfc3339(), "2025-12-01T10:00:00+00:00");
    }
}
