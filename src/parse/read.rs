//! A tree as serde reads it, each scalar typed by its place in the schema, or by YAML's own rules
//! where the schema leaves what is there to others.

use serde::de::value::{Error, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Value as Json;

use super::shape::{At, Grammar};
use crate::yaml::{Entry, Node, Value, typed};

/// A node, and its place in the schema.
#[derive(Clone, Copy)]
pub(super) struct Reader<'de> {
    pub(super) grammar: &'de Grammar,
    pub(super) node: &'de Node,
    pub(super) at: At,
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.grammar.is_free(self.at) {
            return typed(self.node).deserialize_any(visitor).map_err(Error::custom);
        }
        match &self.node.value {
            Value::Mapping(mapping) => {
                visitor.visit_map(Fields { of: self, entries: mapping.iter(), value: None })
            }
            Value::Sequence(items) => visitor.visit_seq(Items { of: self, items: items.iter() }),
            Value::Scalar(scalar) => {
                match self.grammar.scalar(scalar, self.node.is_null(), self.at) {
                    Json::Null => visitor.visit_unit(),
                    Json::Bool(value) => visitor.visit_bool(value),
                    Json::Number(number) => match number.as_u64() {
                        Some(number) => visitor.visit_u64(number),
                        None => visitor.visit_i64(number.as_i64().unwrap_or(i64::MIN)),
                    },
                    _ => visitor.visit_borrowed_str(&scalar.text),
                }
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.node.scalar() {
            Some(scalar) => {
                let name: StrDeserializer<'_, Error> = (*scalar.text).into_deserializer();
                visitor.visit_enum(name)
            }
            None => Err(Error::custom("a word is wanted")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Fields<'de> {
    of: Reader<'de>,
    entries: std::slice::Iter<'de, Entry>,
    value: Option<Reader<'de>>,
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some(Entry { key, value }) = self.entries.next() else { return Ok(None) };
        let at = self.of.grammar.child(self.of.at, &key.text);
        self.value = Some(Reader { grammar: self.of.grammar, node: value, at });
        seed.deserialize(serde::de::value::BorrowedStrDeserializer::new(&key.text)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let value = self.value.take().ok_or_else(|| Error::custom("a key comes first"))?;
        seed.deserialize(value)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

struct Items<'de> {
    of: Reader<'de>,
    items: std::slice::Iter<'de, Node>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some(node) = self.items.next() else { return Ok(None) };
        let at = self.of.grammar.item(self.of.at);
        seed.deserialize(Reader { grammar: self.of.grammar, node, at }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}
