//! The schema of one app: the grammar's, with the app's own names as choices.
//!
//! Which fields refer to names, and of what, the grammar says itself ([`model::NAMES`]). What they
//! may be is put beside the grammar (`allOf`), never in place of it: once for what is the same for
//! every component, and for each component what it alone has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::Text;
use crate::model;
use crate::yaml::{Node, Value};

/// The schema of the app in a text; `None` where the text cannot be read as YAML.
///
/// It needs no sound app: it is there to help while one is being written. The names are those of
/// the file and all its environments together.
pub fn project_schema(text: &Text) -> Option<Json> {
    let names = names(text)?;
    let mut schema = model::published();
    if !names.params.is_empty() {
        model::each_place(&mut schema, &mut accept_references);
        // These are read before there is any parameter to refer to.
        let plain = model::published();
        for declaration in ["Param", "ParamDelta"] {
            schema["$defs"][declaration] = plain["$defs"][declaration].clone();
        }
    }
    let defs = schema["$defs"].clone();
    let grammar = Grammar { defs: &defs, names: &names };
    model::each_place(&mut schema, &mut |place| grammar.narrow_shared(place));
    for place in ["/properties/components", "/$defs/AppDelta/properties/components"] {
        if let Some(Json::Object(components)) = schema.pointer_mut(place) {
            grammar.add_components(components);
        }
    }
    if let Some(defs) = schema["$defs"].as_object_mut() {
        defs.extend(names.definitions());
    }
    schema["title"] = match names.app {
        Some(app) => format!("weft.yaml of {app}").into(),
        None => "weft.yaml".into(),
    };
    Some(schema)
}

/// The names of the app in a text; `None` where the text cannot be read as YAML.
pub(super) fn names(text: &Text) -> Option<Names> {
    Some(Names::read(&text.document.as_ref()?.root))
}

/// What others can call a component's own.
#[derive(Default)]
struct Own {
    versions: BTreeSet<String>,
    ports: BTreeSet<String>,
    /// Further names of the component and its versions.
    aliases: BTreeSet<String>,
}

/// The names of an app.
#[derive(Default)]
pub(super) struct Names {
    app: Option<String>,
    components: BTreeMap<String, Own>,
    /// What Dapr offers.
    blocks: BTreeSet<String>,
    params: BTreeSet<String>,
    /// Whether there are components of other apps, which are called `APP/NAME`.
    others: bool,
    /// Whether there are raw objects, whose Services can be called too.
    raw: bool,
}

impl Names {
    fn read(root: &Node) -> Self {
        let mut names = Self { app: text_at(root, "name"), ..Self::default() };
        names.layer(root);
        for environment in inside(root, "environments") {
            names.layer(&environment.value);
        }
        for (name, own) in &mut names.components {
            if own.versions.is_empty() {
                own.versions.insert("v1".into());
                continue;
            }
            own.aliases.extend(own.versions.iter().map(|version| format!("{name}-{version}")));
        }
        names
    }

    pub(super) fn components(self) -> Vec<String> {
        self.components.into_keys().collect()
    }

    pub(super) fn params(self) -> Vec<String> {
        self.params.into_iter().collect()
    }

    fn layer(&mut self, layer: &Node) {
        self.others |= layer.get("uses").is_some_and(|uses| !uses.value.is_null());
        self.raw |= layer.get("raw").is_some();
        self.params.extend(inside(layer, "params").map(|entry| entry.key.text.to_string()));
        let offered = layer.get("dapr").into_iter().flat_map(|dapr| {
            inside(&dapr.value, "components").map(|entry| entry.key.text.to_string())
        });
        self.blocks.extend(offered.filter(|name| is_plain(name)));
        for entry in inside(layer, "components") {
            if !is_plain(&entry.key.text) {
                continue;
            }
            let component = &entry.value;
            let version = || text_at(component, "version").unwrap_or_else(|| "v1".into());
            let owner = text_at(component, "versionOf").filter(|owner| is_plain(owner));
            let flat = owner.is_some();
            let own = self
                .components
                .entry(owner.unwrap_or_else(|| entry.key.text.to_string()))
                .or_default();
            let keys = |field| inside(component, field).map(|entry| entry.key.text.to_string());
            own.versions.extend(keys("versions"));
            own.ports.extend(keys("ports"));
            if flat || (component.get("image").is_some() && component.get("versions").is_none()) {
                own.versions.insert(version());
            }
            let aliases = component.get("aliases").map(|entry| entry.value.items());
            let aliases = aliases.into_iter().flatten().filter_map(Node::scalar);
            own.aliases.extend(aliases.map(|alias| alias.text.to_string()));
            own.aliases.extend(keys("aliases"));
        }
    }

    /// Each name that can be called, with the component behind it.
    fn callees(&self) -> impl Iterator<Item = (&String, &String)> {
        self.components.iter().flat_map(|(name, own)| {
            std::iter::once((name, name)).chain(own.aliases.iter().map(move |alias| (alias, name)))
        })
    }

    /// The definitions that the rest of the schema refers to.
    fn definitions(&self) -> Vec<(String, Json)> {
        let choices = |names: BTreeSet<&String>| json!({ "enum": names });
        // What another app has is in another file.
        let or_others = |own: Json| match self.others {
            true => json!({ "anyOf": [own, { "type": "string", "pattern": "^[-a-z0-9]+/" }] }),
            false => own,
        };
        let callees =
            or_others(choices(self.callees().map(|(name, _)| name).chain(&self.blocks).collect()));
        // Only a reader of the files that they are in knows the Services among raw objects.
        let callees = match self.raw {
            true => json!({ "anyOf": [callees, { "type": "string" }] }),
            false => callees,
        };
        let mut out = vec![
            (COMPONENTS.into(), or_others(choices(self.components.keys().collect()))),
            (CALLEES.into(), callees),
        ];
        for (name, own) in &self.components {
            out.push((versions_of(name), choices(own.versions.iter().collect())));
            out.push((ports_of(name), choices(own.ports.iter().collect())));
        }
        if self.params.is_empty() {
            return out;
        }
        let all: Vec<&str> = self.params.iter().map(String::as_str).collect();
        let all = all.join("|");
        let references = self.params.iter().map(|name| format!("${{params.{name}}}"));
        out.push((
            REFERENCE.into(),
            json!({
                "description": "The value of a parameter, alone or inside a text.",
                "type": "string",
                // The first is for completion, the second for what stands inside a text.
                "anyOf": [
                    { "enum": references.collect::<Vec<_>>() },
                    { "pattern": format!("\\$\\{{params\\.(?:{all})\\}}") },
                ],
                "not": { "$ref": reference(NO_REFERENCE) },
            }),
        ));
        out.push((
            NO_REFERENCE.into(),
            json!({
                "description": "A text that names a parameter which there is not.",
                "type": "string",
                "pattern": format!("(?:^|[^$])\\$\\{{params\\.(?!(?:{all})\\}})"),
            }),
        ));
        out
    }
}

// No definition of the grammar has a dot in its name.
const COMPONENTS: &str = "app.components";
const CALLEES: &str = "app.callees";
const REFERENCE: &str = "app.reference";
const NO_REFERENCE: &str = "app.noReference";

fn versions_of(component: &str) -> String {
    format!("app.versions.{component}")
}

fn ports_of(component: &str) -> String {
    format!("app.ports.{component}")
}

fn reference(definition: &str) -> String {
    format!("#/$defs/{definition}")
}

/// Whether a name can be one, and needs no escape in a reference.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn inside<'n>(node: &'n Node, field: &str) -> impl Iterator<Item = &'n crate::yaml::Entry> {
    node.get(field).into_iter().flat_map(|entry| entry.value.entries())
}

fn text_at(node: &Node, field: &str) -> Option<String> {
    match &node.get(field)?.value.value {
        Value::Scalar(scalar) => Some(scalar.text.to_string()),
        _ => None,
    }
}

/// Where a scalar stands, a reference to a parameter may stand; one that there is not never may.
fn accept_references(place: &mut Map<String, Json>) {
    const ABOUT: [&str; 5] =
        ["description", "examples", "enumDescriptions", "title", model::EXPECTED];
    let types = types(place);
    if !types.iter().any(|name| ["string", "integer", "number", "boolean"].contains(&&**name)) {
        return;
    }
    let mut shape = std::mem::take(place);
    for keyword in ABOUT.into_iter().chain([model::NAMES, model::REPLACE]) {
        place.extend(shape.remove_entry(keyword));
    }
    // Kept for those that look for what a place takes.
    place.insert("type".into(), shape["type"].clone());
    if types.contains(&"string".to_owned()) && !shape.contains_key("not") {
        shape.insert("not".into(), json!({ "$ref": reference(NO_REFERENCE) }));
    }
    if !types.contains(&"string".to_owned())
        && let Some(Json::Array(types)) = place.get_mut("type").map(|types| {
            if !types.is_array() {
                *types = json!([types]);
            }
            types
        })
    {
        types.push("string".into());
    }
    place.insert("anyOf".into(), json!([shape, { "$ref": reference(REFERENCE) }]));
}

/// The types that a place takes, as it says itself.
fn types(place: &Map<String, Json>) -> Vec<String> {
    match place.get("type") {
        Some(Json::String(one)) => vec![one.clone()],
        Some(Json::Array(several)) => {
            several.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    }
}

/// The grammar, and the names that its places may hold.
struct Grammar<'s> {
    defs: &'s Json,
    names: &'s Names,
}

impl Grammar<'_> {
    /// Narrows a place whose names are the same for every component.
    fn narrow_shared(&self, place: &mut Map<String, Json>) {
        let narrow = match place.get(model::NAMES).and_then(Json::as_str) {
            Some("component") => self.narrow(place, COMPONENTS, &|_| json!(true)),
            Some("callee") => {
                let settings = place.get("additionalProperties").cloned().unwrap_or_default();
                // Several names lead to one component.
                let ports = |name: &str| {
                    let own = ports_of(name);
                    self.overlay(
                        &settings,
                        &|kind| (kind == "callee-port").then(|| own.clone()),
                        &mut vec![],
                    )
                };
                let known: BTreeMap<&String, Json> = self
                    .names
                    .components
                    .keys()
                    .map(|n| (n, ports(n).unwrap_or(true.into())))
                    .collect();
                let owner: BTreeMap<&String, &String> = self.names.callees().collect();
                let beyond = |name: &String| {
                    owner.get(name).map_or(true.into(), |component| known[*component].clone())
                };
                self.narrow(place, CALLEES, &beyond)
            }
            _ => return,
        };
        place.insert("allOf".into(), json!([narrow]));
    }

    /// What a place must be beside what it is: one of the choices, a list of them, or a mapping with
    /// them as keys. `beyond` says what the value of such a key must be besides.
    fn narrow(
        &self,
        place: &Map<String, Json>,
        choices: &str,
        beyond: &dyn Fn(&String) -> Json,
    ) -> Json {
        let one = json!({ "$ref": reference(choices) });
        let target = place.get("$ref").and_then(Json::as_str).map(|target| self.resolve(target));
        let types = types(target.and_then(Json::as_object).unwrap_or(place));
        let has = |name: &str| types.iter().any(|known| known == name);
        let mut out = Map::new();
        if has("array") {
            let mut items = vec![one.clone()];
            if !self.names.params.is_empty() {
                items.push(json!({ "$ref": reference(REFERENCE) }));
            }
            out.insert("items".into(), json!({ "anyOf": items }));
        }
        if has("object") {
            let keys: BTreeSet<&String> = match choices {
                CALLEES => {
                    let callees = self.names.callees().map(|(name, _)| name);
                    callees.chain(&self.names.blocks).collect()
                }
                _ => self.own(choices),
            };
            // The names of keys are refused by the one and offered by the other.
            let properties: Map<String, Json> =
                keys.into_iter().map(|key| (key.clone(), beyond(key))).collect();
            // A long form has fields beside the names.
            let fields = target.and_then(Json::as_object).unwrap_or(place).get("properties");
            let fields: Vec<&String> =
                fields.and_then(Json::as_object).into_iter().flat_map(Map::keys).collect();
            let named = match fields.is_empty() {
                true => one.clone(),
                false => json!({ "anyOf": [one, { "enum": fields }] }),
            };
            out.insert("propertyNames".into(), named);
            out.insert("properties".into(), properties.into());
        }
        if out.is_empty() {
            let mut ways = vec![one];
            if !self.names.params.is_empty() {
                ways.push(json!({ "$ref": reference(REFERENCE) }));
            }
            // A port may be a number too, and in a delta anything may be null.
            let others =
                types.iter().filter(|name| ["integer", "number", "null"].contains(&&***name));
            ways.extend(others.map(|name| json!({ "type": name })));
            return json!({ "anyOf": ways });
        }
        out.into()
    }

    /// The names behind a definition of versions or ports.
    fn own(&self, choices: &str) -> BTreeSet<&String> {
        let of = |list: &str| choices.strip_prefix(list).and_then(|c| self.names.components.get(c));
        if let Some(own) = of(&versions_of("")) {
            return own.versions.iter().collect();
        }
        of(&ports_of("")).map(|own| own.ports.iter().collect()).unwrap_or_default()
    }

    fn resolve(&self, target: &str) -> &Json {
        &self.defs[target.trim_start_matches("#/$defs/")]
    }

    /// Adds what each component alone has.
    fn add_components(&self, components: &mut Map<String, Json>) {
        let any = components.get("additionalProperties").cloned().unwrap_or_default();
        let mut named = Map::new();
        for name in self.names.components.keys() {
            let (versions, ports) = (versions_of(name), ports_of(name));
            let own = |kind: &str| match kind {
                "version" => Some(versions.clone()),
                "port" => Some(ports.clone()),
                _ => None,
            };
            let overlay = self.overlay(&any, &own, &mut vec![]);
            named.insert(
                name.clone(),
                match overlay {
                    Some(overlay) => json!({ "allOf": [any, overlay] }),
                    None => any.clone(),
                },
            );
        }
        components.insert("properties".into(), named.into());
    }

    /// What the places inside this one must be beside what they are, where `choices` knows the
    /// names that they refer to.
    fn overlay(
        &self,
        place: &Json,
        choices: &dyn Fn(&str) -> Option<String>,
        open: &mut Vec<String>,
    ) -> Option<Json> {
        let object = place.as_object()?;
        if let Some(names) = object.get(model::NAMES).and_then(Json::as_str).and_then(choices) {
            let inner = object.get("additionalProperties");
            let inner = inner.and_then(|inner| self.overlay(inner, choices, open));
            let mut narrow = self.narrow(object, &names, &|_| inner.clone().unwrap_or(true.into()));
            // The fields of a long form can hold such names too.
            let fields = object.get("properties").and_then(Json::as_object);
            for (name, field) in fields.into_iter().flatten() {
                if let Some(overlay) = self.overlay(field, choices, open) {
                    narrow["properties"][name] = overlay;
                }
            }
            return Some(narrow);
        }
        if let Some(target) = object.get("$ref").and_then(Json::as_str) {
            if open.iter().any(|known| known == target) {
                return None;
            }
            open.push(target.to_owned());
            let out = self.overlay(self.resolve(target), choices, open);
            open.pop();
            return out;
        }
        let mut out = Map::new();
        // Where references to parameters are accepted, the shape is one of two.
        let shape =
            object.get("anyOf").map_or(object, |ways| ways[0].as_object().unwrap_or(object));
        let fields = shape.get("properties").and_then(Json::as_object);
        let fields: Map<String, Json> = fields
            .into_iter()
            .flatten()
            .filter_map(|(name, field)| Some((name.clone(), self.overlay(field, choices, open)?)))
            .collect();
        if !fields.is_empty() {
            out.insert("properties".into(), fields.into());
        }
        for inner in ["items", "additionalProperties"] {
            if let Some(overlay) = shape.get(inner).and_then(|i| self.overlay(i, choices, open)) {
                out.insert(inner.into(), overlay);
            }
        }
        (!out.is_empty()).then(|| out.into())
    }
}
