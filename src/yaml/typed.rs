//! A tree → values, by the core schema of YAML 1.2: for what no schema of ours describes.

use serde_json::{Number, Value as Json};

use super::{Node, Scalar, Style, Value};

/// The tree as a value: a scalar in quotes is text, one without is what the core schema of YAML 1.2
/// says. Source: <https://yaml.org/spec/1.2.2/#103-core-schema>.
pub fn typed(node: &Node) -> Json {
    match &node.value {
        Value::Mapping(mapping) => Json::Object(
            mapping.iter().map(|entry| (entry.key.text.to_string(), typed(&entry.value))).collect(),
        ),
        Value::Sequence(items) => Json::Array(items.iter().map(typed).collect()),
        Value::Scalar(scalar) if scalar.is_null() => Json::Null,
        Value::Scalar(scalar) if scalar.style == Style::Plain => plain(&scalar.text),
        Value::Scalar(scalar) => Json::String(scalar.text.to_string()),
    }
}

fn plain(text: &str) -> Json {
    match text {
        "true" | "True" | "TRUE" => return Json::Bool(true),
        "false" | "False" | "FALSE" => return Json::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Json::String(text.to_owned()), Json::Number)
}

fn number(text: &str) -> Option<Number> {
    let radix = |prefix, radix| {
        let digits = text.strip_prefix(prefix)?;
        u64::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+'))
    };
    if let Some(number) = radix("0o", 8).or_else(|| radix("0x", 16)) {
        return Some(number.into());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if digits(unsigned) {
        let text = text.strip_prefix('+').unwrap_or(text);
        let whole = text.parse::<i64>().map(Number::from);
        let whole = whole.or_else(|_| text.parse::<u64>().map(Number::from)).ok();
        return whole.or_else(|| Number::from_f64(text.parse().ok()?));
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['-', '+']).unwrap_or(exponent));
    let fits = digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent));
    if fits { Number::from_f64(text.parse().ok()?) } else { None }
}

/// What readers of YAML 1.1, `kubectl` among them, take a plain scalar for, where that differs from
/// what [`typed`] does. Source: `resolve.go` of the YAML library that Kubernetes uses.
pub fn ambiguous(scalar: &Scalar) -> Option<&'static str> {
    if scalar.style != Style::Plain {
        return None;
    }
    let text = &*scalar.text;
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Some("`true`"),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Some("`false`"),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let number = unsigned.starts_with(|c: char| c.is_ascii_digit());
    let bare = unsigned.replace('_', "");
    let digits =
        |text: &str, radix: u32| !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    if number && bare.len() < unsigned.len() && bare.parse::<f64>().is_ok() {
        return Some("a number");
    }
    if bare.strip_prefix("0b").is_some_and(|rest| digits(rest, 2)) {
        return Some("a binary number");
    }
    let octal = bare.strip_prefix('0').is_some_and(|rest| digits(rest, 8));
    octal.then_some("an octal number")
}
