//! Amounts of the budget, in the contract's unit.
//!
//! Every amount in the portal is a whole number of 1 000 NOK. Norwegian number text is written
//! here too, because it belongs to the amount and Excel, Word and messages must agree on it.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

/// No-break space, the thousands separator of nb-NO. A line never breaks inside a number.
const GROUP_SEPARATOR: char = '\u{a0}';
/// The minus sign of nb-NO, not the hyphen.
const MINUS: char = '\u{2212}';

/// Amount in units of 1 000 NOK, the unit of the wire contract (api 1.1). May be negative.
///
/// Reads a JSON integer, an integral JSON number (`12.0`) or a string with either; a fraction is
/// an error, never rounded.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    utoipa::ToSchema,
)]
#[serde(transparent)]
#[schema(value_type = i64)]
pub struct ThousandNok(i64);

impl ThousandNok {
    /// Wraps a number of 1 000 NOK.
    #[must_use]
    pub const fn new(thousands: i64) -> Self {
        Self(thousands)
    }

    /// The number of 1 000 NOK.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The amount in running text (domain contract 7.6), as in `12,0 mill. kroner`.
    ///
    /// One decimal, rounded half away from zero.
    ///
    /// ```
    /// # use domain::money::ThousandNok;
    /// assert_eq!(ThousandNok::new(12_000).millions(), "12,0 mill. kroner");
    /// ```
    #[must_use]
    pub fn millions(self) -> String {
        let tenths = (self.0.unsigned_abs() + 50) / 100;
        // An amount that rounds to nothing is nothing: no "−0,0".
        let negative = self.0.is_negative() && tenths > 0;
        format!("{},{} mill. kroner", grouped(tenths / 10, negative), tenths % 10)
    }
}

impl From<i64> for ThousandNok {
    fn from(thousands: i64) -> Self {
        Self(thousands)
    }
}

impl From<ThousandNok> for i64 {
    fn from(amount: ThousandNok) -> Self {
        amount.0
    }
}

/// Prints the amount as a table cell does (domain contract 7.6): grouped digits, no unit.
impl fmt::Display for ThousandNok {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&grouped(self.0.unsigned_abs(), self.0.is_negative()))
    }
}

impl<'de> Deserialize<'de> for ThousandNok {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WireAmount)
    }
}

struct WireAmount;

impl Visitor<'_> for WireAmount {
    type Value = ThousandNok;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of 1 000 NOK")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<ThousandNok, E> {
        Ok(ThousandNok(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<ThousandNok, E> {
        i64::try_from(value)
            .map(ThousandNok)
            .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<ThousandNok, E> {
        // `{value}` prints every digit and no exponent, so an integral value parses exactly and
        // one outside i64 is refused without a lossy conversion.
        format!("{value}")
            .parse()
            .map(ThousandNok)
            .map_err(|_| E::invalid_value(de::Unexpected::Float(value), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ThousandNok, E> {
        let digits = match text.trim().split_once('.') {
            Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => whole,
            _ => text.trim(),
        };
        digits
            .parse()
            .map(ThousandNok)
            .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

fn grouped(value: u64, negative: bool) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    if negative {
        text.push(MINUS);
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(GROUP_SEPARATOR);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Result<i64, serde_json::Error> {
        serde_json::from_str::<ThousandNok>(json).map(ThousandNok::get)
    }

    #[test]
    fn an_amount_is_read_from_every_integral_spelling() {
        for json in ["12000", "12000.0", "1.2e4", "\"12000\"", "\" 12000 \"", "\"12000.00\""] {
            assert_eq!(read(json).unwrap(), 12_000, "{json}");
        }
        assert_eq!(read("-5").unwrap(), -5);
        assert_eq!(read("-0.0").unwrap(), 0);
    }

    #[test]
    fn a_fraction_is_refused_and_never_rounded() {
        for json in ["12.5", "\"12.5\"", "\"12,0\"", "\"\"", "\".\"", "\"1.\"", "\"tolv\"", "true"]
        {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_amount_outside_the_range_is_refused() {
        for json in ["9223372036854775808", "1e300", "-1e19", "\"9223372036854775808\""] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn digits_are_grouped_as_in_norwegian() {
        assert_eq!(ThousandNok::new(0).to_string(), "0");
        assert_eq!(ThousandNok::new(999).to_string(), "999");
        assert_eq!(ThousandNok::new(1_000).to_string(), "1\u{a0}000");
        assert_eq!(ThousandNok::new(-1_234_567).to_string(), "\u{2212}1\u{a0}234\u{a0}567");
    }

    #[test]
    fn millions_carry_exactly_one_decimal() {
        assert_eq!(ThousandNok::new(12_000).millions(), "12,0 mill. kroner");
        assert_eq!(ThousandNok::new(12_050).millions(), "12,1 mill. kroner");
        assert_eq!(ThousandNok::new(-12_049).millions(), "\u{2212}12,0 mill. kroner");
        assert_eq!(ThousandNok::new(-49).millions(), "0,0 mill. kroner");
        assert_eq!(ThousandNok::new(1_234_500).millions(), "1\u{a0}234,5 mill. kroner");
        assert!(ThousandNok::new(i64::MIN).millions().ends_with(",8 mill. kroner"));
    }

    proptest! {
        #[test]
        fn every_amount_survives_the_wire(amount: i64) {
            let json = serde_json::to_string(&ThousandNok::new(amount)).unwrap();
            prop_assert_eq!(read(&json).unwrap(), amount);
            prop_assert_eq!(read(&format!("\"{amount}\"")).unwrap(), amount);
        }

        #[test]
        fn printed_digits_are_the_amount(amount: i64) {
            let text = ThousandNok::new(amount).to_string();
            let plain: String = text.chars().filter(|c| *c != GROUP_SEPARATOR).collect();
            prop_assert_eq!(plain.replace(MINUS, "-").parse::<i64>().unwrap(), amount);
        }
    }
}
