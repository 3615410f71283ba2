//! A deserializer over a JSON value that matches struct fields without regard to case.
//!
//! serde asks a deserializer for a struct by its field names; here a member whose name differs
//! only in case is handed over under the field's own name. An exact match wins over another
//! spelling of the same name. A number without a fraction is an integer however it is written,
//! as it is in JSON Schema: `1.0` and `1e3` too. Everything else behaves as `serde_json::Value`
//! does.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value};

pub(super) struct Lenient(pub(super) Value);

impl IntoDeserializer<'_, Error> for Lenient {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! read_whole_numbers {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            Self(whole(self.0)).deserialize_any(visitor)
        }
    )+};
}

impl<'de> Deserializer<'de> for Lenient {
    type Error = Error;

    read_whole_numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => {
                visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(Lenient)))
            }
            Value::Object(members) => visitor.visit_map(MapDeserializer::new(
                members.into_iter().map(|(key, value)| (key, Lenient(value))),
            )),
            scalar => scalar.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(members) => {
                Self(Value::Object(with_field_names(members, fields))).deserialize_any(visitor)
            }
            // serde would accept an array as a struct by position, which no client means.
            Value::Array(_) => Value::Bool(false).deserialize_struct(name, fields, visitor),
            scalar => scalar.deserialize_struct(name, fields, visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// `1.0` as `1`. What has a fraction, or is too large, stays as it is and is refused.
fn whole(value: Value) -> Value {
    let integer = match &value {
        // Printed with every digit and no exponent, so nothing is rounded on the way.
        Value::Number(number) if number.is_f64() => {
            number.as_f64().and_then(|float| format!("{float}").parse::<i64>().ok())
        }
        _ => None,
    };
    integer.map_or(value, Value::from)
}

fn with_field_names(members: Map<String, Value>, fields: &[&str]) -> Map<String, Value> {
    let mut named = Map::new();
    for (key, value) in members {
        match fields.iter().find(|field| field.eq_ignore_ascii_case(&key)) {
            Some(field) if *field == key => {
                named.insert(key, value);
            }
            Some(field) => {
                named.entry(*field).or_insert(value);
            }
            None => {}
        }
    }
    named
}
