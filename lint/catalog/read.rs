//! Reading YAML into the schema, strictly.
//!
//! Serde's `flatten` would switch off the refusal of unknown keys and lose positions, so the mappings are read here: each key is
//! checked where it stands, and each scalar is parsed in its own visitor, which is what gives an error its line and column.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};
use smol_str::SmolStr;

use super::expr::{Operand, TypeExpr};
use super::schema::{Condition, Covers, Is, Literal, When};
use super::words::{Word, did_you_mean};

/// Something that a catalog file can hold.
pub(super) trait FromYaml: Sized {
    fn from_yaml<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// What it must look like, as a JSON schema.
    fn schema() -> Value;
}

/// Makes serde read a [`FromYaml`].
pub(super) struct Yaml<T>(pub(super) T);

impl<'de, T: FromYaml> Deserialize<'de> for Yaml<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::from_yaml(deserializer).map(Yaml)
    }
}

/// Something written as one word or text.
pub(super) trait Scalar: Sized {
    const EXPECTED: &'static str;
    fn scalar(text: &str) -> Result<Self, String>;
}

struct ScalarVisitor<T>(PhantomData<T>);

impl<T: Scalar> Visitor<'_> for ScalarVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::scalar(text).map_err(E::custom)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<T, E> {
        self.visit_str(if value { "true" } else { "false" })
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        self.visit_str(&value.to_string())
    }
}

/// Lets scalars be read, each with what it is called when something else stands there.
macro_rules! scalars {
    ($($name:ty, $expected:literal, $parse:expr;)+) => {$(
        impl Scalar for $name {
            const EXPECTED: &'static str = $expected;
            fn scalar(text: &str) -> Result<Self, String> {
                $parse(text)
            }
        }
        impl FromYaml for $name {
            fn from_yaml<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(ScalarVisitor(PhantomData))
            }
            fn schema() -> Value {
                json!({ "type": ["string", "boolean", "integer"], "description": $expected })
            }
        }
    )+};
}

/// Lets words be read, each vocabulary with what it is called.
macro_rules! vocabularies {
    ($($name:ty, $expected:literal;)+) => {$(
        impl Scalar for $name {
            const EXPECTED: &'static str = $expected;
            fn scalar(text: &str) -> Result<Self, String> {
                Word::from_word(text)
            }
        }
        impl FromYaml for $name {
            fn from_yaml<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(ScalarVisitor(PhantomData))
            }
            fn schema() -> Value {
                let words: Vec<&str> = Self::WORDS.iter().map(|(word, _)| *word).collect();
                json!({ "enum": words, "description": $expected })
            }
        }
    )+};
}

scalars! {
    SmolStr, "a text", |text| Ok(SmolStr::new(text));
    Operand, "an operand", Operand::parse;
    TypeExpr, "a type", TypeExpr::parse;
    Is, "a text", |text| Ok(Is::parse(text));
    Covers, "`one`, `up_to`, `all_received` or an operand", Covers::parse;
}

vocabularies! {
    super::schema::Role, "a role";
    super::schema::SettleBy, "a way of settling";
    super::schema::Confirm, "a kind of confirmation";
    super::schema::Answer, "an outcome";
    super::schema::Unit, "a unit";
    crate::flow::Broker, "a kind of broker";
    crate::flow::EffectKind, "a kind of effect";
    crate::flow::Known, "`yes`, `no` or `unknown`";
    crate::flow::MarkMode, "a mode";
    crate::flow::Durability, "a durability";
}

impl FromYaml for bool {
    fn from_yaml<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

impl FromYaml for Literal {
    fn from_yaml<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LiteralVisitor)
    }

    fn schema() -> Value {
        json!({ "type": ["string", "boolean", "integer"] })
    }
}

struct LiteralVisitor;

impl Visitor<'_> for LiteralVisitor {
    type Value = Literal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`true`, `false`, a number or a text")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Literal, E> {
        Ok(Literal::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Literal, E> {
        Ok(Literal::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Literal, E> {
        i64::try_from(value).map(Literal::Int).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Literal, E> {
        Ok(Literal::Text(text.into()))
    }
}

impl<T: FromYaml> FromYaml for Option<T> {
    fn from_yaml<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::from_yaml(deserializer).map(Some)
    }

    fn schema() -> Value {
        T::schema()
    }
}

impl<T: FromYaml> FromYaml for Vec<T> {
    fn from_yaml<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: FromYaml> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(Yaml(value)) = seq.next_element()? {
            list.push(value);
        }
        Ok(list)
    }
}

impl<T: FromYaml> FromYaml for [T; 2] {
    fn from_yaml<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::from_yaml(deserializer)?;
        let length = list.len();
        list.try_into()
            .map_err(|_| D::Error::custom(format!("two values are expected here, and there are {length}")))
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema(), "minItems": 2, "maxItems": 2 })
    }
}

impl<T: FromYaml> FromYaml for BTreeMap<SmolStr, T> {
    fn from_yaml<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = deserializer.deserialize_map(PairsVisitor(PhantomData::<(SmolStr, T)>))?;
        Ok(pairs.into_iter().collect())
    }

    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": T::schema() })
    }
}

impl FromYaml for When {
    fn from_yaml<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = deserializer.deserialize_map(PairsVisitor(PhantomData::<(Operand, Is)>))?;
        Ok(Self(
            pairs
                .into_iter()
                .map(|(operand, is)| Condition { operand, is })
                .collect(),
        ))
    }

    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": Is::schema() })
    }
}

struct PairsVisitor<K, V>(PhantomData<(K, V)>);

impl<'de, K: Scalar + PartialEq + fmt::Display, V: FromYaml> Visitor<'de> for PairsVisitor<K, V> {
    type Value = Vec<(K, V)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(key) = map.next_key_seed(Pairs { seen: &pairs })? {
            let Yaml(value) = map.next_value()?;
            pairs.push((key, value));
        }
        Ok(pairs)
    }
}

/// Reads a key that must not be there yet.
struct Pairs<'a, K, V> {
    seen: &'a [(K, V)],
}

impl<'de, K: Scalar + PartialEq + fmt::Display, V> DeserializeSeed<'de> for Pairs<'_, K, V> {
    type Value = K;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<K, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<K: Scalar + PartialEq + fmt::Display, V> Visitor<'_> for Pairs<'_, K, V> {
    type Value = K;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(K::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<K, E> {
        let key = K::scalar(text).map_err(E::custom)?;
        if self.seen.iter().any(|(seen, _)| *seen == key) {
            return Err(E::custom(format!("`{key}` is given twice")));
        }
        Ok(key)
    }
}

/// A mapping with fixed keys.
pub(super) trait Record: Default {
    /// What it is called in an error: `a call`.
    const WHAT: &'static str;
    const REQUIRED: &'static [&'static str];

    fn keys() -> Vec<&'static str>;

    /// What the value of each key must look like.
    fn properties() -> Map<String, Value>;

    /// Reads the value of `key`, which is one of [`Record::keys`].
    fn read<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;
}

/// The schema of the field that `_field` gives.
pub(super) fn schema_of<R, T: FromYaml>(_field: fn(&R) -> &T) -> Value {
    T::schema()
}

pub(super) fn schema_of_record<R: Record>() -> Value {
    json!({
        "type": "object",
        "description": R::WHAT,
        "properties": R::properties(),
        "required": R::REQUIRED,
        "additionalProperties": false,
    })
}

/// Reads a [`Record`].
pub(super) struct RecordVisitor<T>(pub(super) PhantomData<T>);

impl<'de, T: Record> Visitor<'de> for RecordVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (a mapping)", T::WHAT)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let keys = T::keys();
        let mut seen: Vec<&'static str> = Vec::new();
        let mut record = T::default();
        while let Some(key) = map.next_key_seed(Key {
            what: T::WHAT,
            keys: &keys,
            seen: &seen,
        })? {
            seen.push(key);
            record.read(key, &mut map)?;
        }
        match T::REQUIRED.iter().find(|required| !seen.contains(*required)) {
            Some(missing) => Err(A::Error::custom(format!("{} needs the key `{missing}`", T::WHAT))),
            None => Ok(record),
        }
    }
}

/// Reads a key that must be one of `keys` and none of `seen`.
struct Key<'a> {
    what: &'static str,
    keys: &'a [&'static str],
    seen: &'a [&'static str],
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'static str, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a key of {}", self.what)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<&'static str, E> {
        let Some(key) = self.keys.iter().find(|key| **key == text) else {
            let hint = did_you_mean(text, self.keys.iter().copied());
            return Err(E::custom(format!("{} has no key `{text}`{hint}", self.what)));
        };
        if self.seen.contains(key) {
            return Err(E::custom(format!("`{key}` is given twice")));
        }
        Ok(key)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<&'static str, E> {
        self.visit_str(if value { "true" } else { "false" })
    }
}

/// Makes a struct a [`Record`]: `field` is read from the key of its name, `field as "key"` from another; `+ field` reads the keys of
/// a record that is part of it.
macro_rules! record {
    ($name:ident, $what:literal, requires [$($required:literal),*], {
        $($field:ident $(as $key:literal)?),* $(,)?
    } $(+ $part:ident: $Part:ty)?) => {
        impl $crate::catalog::read::Record for $name {
            const WHAT: &'static str = $what;
            const REQUIRED: &'static [&'static str] = &[$($required),*];

            fn keys() -> Vec<&'static str> {
                #[allow(unused_mut)]
                let mut keys = vec![$($crate::catalog::read::key!($field $(, $key)?)),*];
                $(keys.extend(<$Part as $crate::catalog::read::Record>::keys());)?
                keys
            }

            fn properties() -> serde_json::Map<String, serde_json::Value> {
                #[allow(unused_mut)]
                let mut all = serde_json::Map::new();
                $(
                    let schema = $crate::catalog::read::schema_of(|record: &Self| &record.$field);
                    all.insert($crate::catalog::read::key!($field $(, $key)?).to_owned(), schema);
                )*
                $(all.extend(<$Part as $crate::catalog::read::Record>::properties());)?
                all
            }

            fn read<'de, A: serde::de::MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
                match key {
                    $($crate::catalog::read::key!($field $(, $key)?) => {
                        self.$field = map.next_value::<$crate::catalog::read::Yaml<_>>()?.0;
                    })*
                    _ => { $(return self.$part.read(key, map);)? }
                }
                #[allow(unreachable_code)]
                Ok(())
            }
        }

        impl $crate::catalog::read::FromYaml for $name {
            fn from_yaml<'de, D: serde::de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_map($crate::catalog::read::RecordVisitor(std::marker::PhantomData))
            }

            fn schema() -> serde_json::Value {
                $crate::catalog::read::schema_of_record::<Self>()
            }
        }
    };
}

/// The key of a field.
macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident, $key:literal) => {
        $key
    };
}

pub(super) use {key, record};
