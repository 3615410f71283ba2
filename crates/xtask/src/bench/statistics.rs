//! What benchmarks make of many measurements.

use anyhow::{Context as _, Result};

/// The value that this share of all values does not exceed (nearest rank); `None` of none.
pub(super) fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = f64::from(u32::try_from(sorted.len()).ok()?);
    let rank = (share * count).ceil().max(1.0);
    // Counting up to a rank is how a float becomes an index without a cast.
    sorted.into_iter().zip(1_u32..).find(|(_, nth)| f64::from(*nth) >= rank).map(|(value, _)| value)
}

/// The middle value; a machine that is shared makes single ones meaningless.
pub(super) fn median(values: &[f64]) -> Result<f64> {
    quantile(values, 0.5).context("nothing was measured")
}

/// How a benchmark says whether its target is met.
pub(super) const fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!(quantile(&values, 0.5), Some(3.0));
        assert_eq!(quantile(&values, 0.95), Some(5.0));
        assert_eq!(quantile(&values, 0.0), Some(1.0));
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(median(&[2.0, 1.0]).ok(), Some(1.0));
        assert!(median(&[]).is_err());
    }
}
