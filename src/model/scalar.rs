//! Scalars with a form of their own.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::schema::EXPECTED;

macro_rules! text {
    ($(#[doc = $doc:literal])* $name:ident, $pattern:literal, $longest:literal, $expected:literal) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub std::sync::Arc<str>);

        impl $name {
            /// The form, for where the type is a mapping's key.
            #[allow(dead_code, reason = "not every one of these types is a key")]
            pub(super) const KEY_FORM: (&'static str, usize, &'static str) =
                ($pattern, $longest, $expected);
        }

        impl std::ops::Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "pattern": $pattern,
                    "maxLength": $longest,
                    EXPECTED: $expected,
                })
            }
        }
    };
}

text! {
    /// A DNS label, as RFC 1123 and Kubernetes want it, that starts with a letter.
    Name, "^[a-z]([-a-z0-9]*[a-z0-9])?$", 63,
    "a name of lower-case letters, digits and dashes that starts with a letter (at most 63)"
}
text! {
    /// The name or alias of a component; of one of another app, after that app's name and a slash.
    Callee, "^([a-z]([-a-z0-9]*[a-z0-9])?/)?[a-z]([-a-z0-9]*[a-z0-9])?$", 127,
    "the name or alias of a component, or `APP/NAME` for one of an app in `uses`"
}
text! {
    /// The name of a port: an IANA service name (RFC 6335), as Kubernetes wants it.
    PortName, "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", 15,
    "a port name: lower-case letters, digits and single dashes, starting with a letter (at most 15)"
}
text! {
    /// The name of a container image, as the distribution reference grammar has it.
    /// Source: github.com/distribution/reference.
    ImageName, "^([A-Za-z0-9][-A-Za-z0-9.]*(:[0-9]+)?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][-A-Za-z0-9_.]{0,127})?(@sha256:[0-9a-f]{64})?$", 512,
    "an image: `[REGISTRY/]NAME[:TAG][@sha256:DIGEST]`"
}
text! {
    /// A host name in lower case, or a wildcard.
    Host, r"^(\*|(\*\.)?([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)*[a-z]([-a-z0-9]*[a-z0-9])?)$", 253,
    "a host name in lower case, which may begin with `*.`, or `*`"
}
text! {
    /// The name of a Secret: a DNS subdomain.
    SecretName, r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", 253,
    "the name of a Secret: lower-case letters, digits, dashes and dots"
}
text! {
    /// A host name in lower case, no wildcard.
    HostName, r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)*[a-z]([-a-z0-9]*[a-z0-9])?$", 253,
    "a host name in lower case"
}
text! {
    /// The name of a cookie (RFC 6265: a token).
    CookieName, "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", 256, "the name of a cookie"
}
text! {
    /// How long a browser keeps a cookie.
    Lifetime, "^[1-9][0-9]{0,4}[smhd]$", 6, "a length of time in one unit, such as `30m`, `12h` or `7d`"
}
text! {
    /// The name of a rollout, which becomes part of a cookie's value.
    RolloutId, "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$", 63,
    "a name of letters, digits, `-`, `_` and `.`, beginning and ending in a letter or digit"
}
text! {
    /// Where something outside is: a host name or an IP address.
    Address,
    r"^(([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)*[a-z]([-a-z0-9]*[a-z0-9])?|[0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-f]*:[0-9a-f:]+)$",
    253, "a host name in lower case, or an IP address"
}
text! {
    /// The path of a URL: segments of RFC 3986, none of them empty.
    UrlPath, r"^/([-A-Za-z0-9._~!$&'()*+,;=:@%]+(/[-A-Za-z0-9._~!$&'()*+,;=:@%]+)*/?)?$", 1024,
    "the path of a URL: `/` and segments, without empty ones"
}
text! {
    /// The type of a Dapr component: its kind, a dot, and what it is.
    BlockType, "^(state|pubsub|bindings|secretstores|configuration|lock|crypto|conversation)([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)+$", 128,
    "a type of Dapr's, such as `state.redis`: `state`, `pubsub`, `bindings`, `secretstores`, `configuration`, `lock`, `crypto` or `conversation`, a dot, and what it is"
}
text! {
    /// The name of a setting of a Dapr component.
    SettingName, "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$", 253,
    "the name of a setting: letters, digits, `-`, `_` and `.`"
}
text! {
    /// How many calls in one are traced.
    SamplingRate, "^(0([.][0-9]+)?|1([.]0+)?)$", 32, "a number from 0 to 1, such as `0.1`"
}
text! {
    /// When a call counts as failed, in Envoy's words.
    /// Source: `retry_on` of Envoy's router filter, for HTTP and gRPC.
    RetryOn, "^(5xx|gateway-error|reset|reset-before-request|connect-failure|envoy-ratelimited|retriable-4xx|refused-stream|retriable-status-codes|retriable-headers|cancelled|deadline-exceeded|internal|resource-exhausted|unavailable|[1-5][0-9][0-9])$", 64,
    "one of Envoy's retry conditions, such as `connect-failure`, `5xx` or `unavailable`, or an HTTP status"
}
text! {
    /// A field of the pod that a variable can take its value from.
    /// Source: `validEnvDownwardAPIFieldPathExpressions` in k8s.io/kubernetes.
    FieldPath, r"^(metadata\.(name|namespace|uid|(labels|annotations)\['[^']+'\])|spec\.(nodeName|serviceAccountName)|status\.(hostIP|hostIPs|podIP|podIPs))$", 400,
    "a field that Kubernetes offers: `metadata.name`, `metadata.labels['KEY']`, `spec.nodeName`, `status.podIP` and the like"
}
text! {
    /// A resource of the container that a variable can take its value from.
    ResourcePath, r"^(limits|requests)\.(cpu|memory|ephemeral-storage)$", 64,
    "`limits` or `requests`, and `.cpu`, `.memory` or `.ephemeral-storage`"
}
text! {
    /// The name of an environment variable, as Kubernetes accepts it.
    EnvName, "^[-._a-zA-Z][-._a-zA-Z0-9]*$", 253,
    "the name of an environment variable: letters, digits, `_`, `-` and `.`, not starting with a digit"
}
text! {
    /// A key of a label or annotation: an optional DNS prefix and a name.
    Label, r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$", 317,
    "a label key: an optional `prefix/` and a name of letters, digits, `-`, `_` and `.`"
}
text! {
    /// The value of a label.
    LabelValue, r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", 63,
    "a label value: letters, digits, `-`, `_` and `.`, at most 63, beginning and ending in a letter or digit"
}
text! {
    /// A time zone by its IANA name.
    TimeZone, "^[A-Z][-+_A-Za-z0-9]*(/[A-Z][-+_A-Za-z0-9]*)*$", 64,
    "an IANA time zone, such as `Europe/Berlin` or `Etc/UTC`"
}
text! {
    /// The name of an HTTP header; case does not matter.
    HeaderName, "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", 256, "the name of an HTTP header"
}
text! {
    /// An absolute path inside the container.
    PathName, "^/[^:/]+(/[^:/]+)*$", 4096, "an absolute path without `:`, `//` or a `/` at its end"
}
text! {
    /// A path below a volume.
    SubPath, r"^(\.?[^/.][^/]*)(/\.?[^/.][^/]*)*$", 1024,
    "a path below the volume: without `/` at its beginning or end, and without `..`"
}
text! {
    /// The name of a volume.
    VolumeName, "^[a-z]([-a-z0-9]*[a-z0-9])?$", 40,
    "a name of lower-case letters, digits and dashes that starts with a letter (at most 40)"
}
text! {
    /// A volume by its name, in the pod or in another component.
    VolumeRef, "^([a-z]([-a-z0-9]*[a-z0-9])?/)?[a-z]([-a-z0-9]*[a-z0-9])?$", 104,
    "the `name` of a volume of this pod, or `COMPONENT/NAME`"
}
text! {
    /// A Kubernetes quantity: `100m`, `64Mi`, `1.5`.
    Quantity, "^[0-9]+([.][0-9]+)?([eE][0-9]+|m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$", 32,
    "a quantity such as `100m`, `64Mi` or `1.5`"
}
text! {
    /// A length of time that may be zero.
    Wait, "^([0-9]{1,5}(ms|s|m|h))+$", 32, "a duration such as `0s`, `250ms` or `1m30s`"
}
text! {
    /// A length of time: `250ms`, `5s`, `1m30s`.
    Duration, "^([0-9]{1,5}(ms|s|m|h))*[0-9]{0,4}[1-9][0-9]{0,4}(ms|s|m|h)$", 32,
    "a duration that is not zero, such as `250ms`, `5s` or `1m30s`"
}

impl Callee {
    /// The name alone, by which it is called.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

impl Lifetime {
    /// The length in seconds.
    pub fn seconds(&self) -> u64 {
        let (number, unit) = self.0.split_at(self.0.len().saturating_sub(1));
        let factor = match unit {
            "d" => 86_400,
            "h" => 3_600,
            "m" => 60,
            _ => 1,
        };
        // The form allows five digits and no more.
        number.parse::<u64>().unwrap_or_default() * factor
    }
}

impl Duration {
    /// The length in milliseconds. Saturates.
    pub fn millis(&self) -> u64 {
        let mut total: u64 = 0;
        let mut number: u64 = 0;
        let mut rest = &*self.0;
        while let Some(first) = rest.chars().next() {
            if let Some(digit) = first.to_digit(10) {
                number = number.saturating_mul(10).saturating_add(u64::from(digit));
                rest = &rest[1..];
                continue;
            }
            let (unit, factor) = match first {
                'h' => (1, 3_600_000),
                'm' if rest.starts_with("ms") => (2, 1),
                'm' => (1, 60_000),
                _ => (1, 1_000),
            };
            total = total.saturating_add(number.saturating_mul(factor));
            number = 0;
            rest = &rest[unit..];
        }
        total
    }

    /// The length in whole seconds, rounded up.
    pub fn seconds(&self) -> u64 {
        self.millis().div_ceil(1_000)
    }

    /// The length as protobuf's JSON wants it: seconds with a fraction, `0.250s`.
    pub fn proto(&self) -> String {
        let millis = self.millis();
        match millis % 1_000 {
            0 => format!("{}s", millis / 1_000),
            rest => format!("{}.{rest:03}s", millis / 1_000),
        }
    }

    /// The length as Gateway API wants it (GEP-2257): at most five digits a unit.
    pub fn gateway_api(&self) -> String {
        let millis = self.millis();
        let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
        let (seconds, rest) = (millis / 1_000 % 60, millis % 1_000);
        let parts = [(hours, "h"), (minutes, "m"), (seconds, "s"), (rest, "ms")];
        let text: String = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, unit)| format!("{count}{unit}"))
            .collect();
        if text.is_empty() { "0s".into() } else { text }
    }
}
