//! The JSON Schema as editors need it.

use serde_json::{Map, Value, json};

/// The schema of a whole app file for other readers than weft.
///
/// They read a scalar before they look at the schema, and take `8080` for a number; weft takes it
/// for the text that an environment variable is. So what is a text here may be a number or a switch
/// too.
pub fn published() -> Value {
    let mut schema = super::schema();
    each_place(&mut schema, &mut |place| {
        if place.contains_key("enum") {
            return;
        }
        if let Some(suggested) = place.remove(super::SUGGESTED) {
            let form = ["pattern", "maxLength"].map(|word| (word.to_owned(), place.remove(word)));
            let form: Map<String, Value> =
                form.into_iter().filter_map(|(word, value)| Some((word, value?))).collect();
            place.insert("anyOf".into(), json!([suggested, form]));
        }
        let Some(types) = place.get_mut("type") else { return };
        let mut all = match types.take() {
            Value::Array(several) => several,
            one => vec![one],
        };
        if all.contains(&json!("string")) {
            // A number is an integer too.
            all.retain(|name| *name != "integer");
            for also in ["number", "boolean"] {
                if !all.contains(&json!(also)) {
                    all.push(also.into());
                }
            }
        }
        *types = if all.len() == 1 { all.remove(0) } else { all.into() };
    });
    schema
}

/// Calls `visit` with each place of the schema that describes a value, definitions included, the
/// inner ones first. The forms of keys are none.
pub fn each_place(schema: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(object) = schema else { return };
    for (keyword, value) in object.iter_mut() {
        match (keyword.as_str(), value) {
            ("properties" | "$defs", Value::Object(named)) => {
                named.values_mut().for_each(|value| each_place(value, visit));
            }
            ("items" | "additionalProperties", value) => each_place(value, visit),
            _ => {}
        }
    }
    visit(object);
}
