//! What is outside: where it is, and TLS on the way there.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::schema::EXPECTED;
use super::{Address, Host, SecretName};

/// Where an external component is: one address, or several in a list.
#[derive(Clone, Debug)]
pub enum Addresses {
    /// One address, written as text.
    One(Address),
    /// A list.
    Several(Vec<Address>),
}

impl JsonSchema for Addresses {
    fn schema_name() -> Cow<'static, str> {
        "Addresses".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Address::json_schema(generator).to_value();
        schema["type"] = json!(["string", "array"]);
        schema["items"] = generator.subschema_for::<Address>().to_value();
        schema["minItems"] = 1.into();
        // Source: the most addresses that an endpoint slice of kube-controller-manager holds.
        schema["maxItems"] = 100.into();
        schema["examples"] = json!(["db.example.com", ["192.0.2.10", "192.0.2.11"]]);
        schema["description"] =
            "Where something outside is: a host name, an IP address, or a list of either.".into();
        schema[EXPECTED] = "a host name in lower case, an IP address, or a list of either".into();
        Schema::try_from(schema).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Addresses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            One(Address),
            Several(Vec<Address>),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::One(address) => Self::One(address),
            Form::Several(addresses) => Self::Several(addresses),
        })
    }
}

/// TLS that the mesh puts around calls to something outside, so that callers speak plainly.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct ExternalTls {
    /// Whether callers show a certificate too. Without it: `simple`.
    #[schemars(example = &"mutual")]
    pub mode: Option<ExternalTlsMode>,
    /// The server name that is asked for and that the other side's certificate must bear. Without it:
    /// the address, if that is a host name.
    #[schemars(example = &"api.example.com")]
    pub sni: Option<Host>,
    /// The Secret with `ca.crt`, the authority that the other side's certificate must come from, and for
    /// `mutual` with `tls.crt` and `tls.key`. It is in the namespace of the callers. Without it: the
    /// authorities that the operating system trusts.
    #[schemars(example = &"bank-tls")]
    pub secret: Option<SecretName>,
}

/// Whether callers show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExternalTlsMode {
    /// Only the other side shows one.
    Simple,
    /// Both sides do.
    Mutual,
}
