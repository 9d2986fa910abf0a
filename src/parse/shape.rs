//! Schema first: a scalar is read as the type its field declares, never guessed.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Number, Value as Json};

use super::accept::{Demands, Judge};
use super::params::UNRESOLVED;
use super::{advice, rule};
use crate::diag::{Diagnostic, Sink, did_you_mean, listing};
use crate::model;
use crate::source::Place;
use crate::yaml::{Entry, Key, Mapping, Node, Scalar, Style, Value, typed};

/// The types that a place of the schema accepts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Types {
    pub(super) boolean: bool,
    pub(super) integer: bool,
    pub(super) string: bool,
    pub(super) array: bool,
    pub(super) object: bool,
}

/// One place of the schema, as far as reading and merging need it.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) types: Types,
    properties: BTreeMap<String, usize>,
    additional: Option<usize>,
    pub(super) items: Option<usize>,
    pub(super) demands: Demands,
    replace: bool,
    /// What a short form here stands for.
    short: Option<Short>,
    /// Whether the items of the list have names, by which a layer changes them.
    named: bool,
    /// Whether a scalar here, or anywhere below, is what YAML itself says.
    pub(super) free: bool,
    /// Whether this is a probe, whose ways exclude each other.
    probe: bool,
    /// Whether these are settings of a workload, whose ways to count pods exclude each other.
    counted: bool,
    expected: Option<String>,
    choices: Vec<String>,
    /// What the keys of a mapping must look like, in words.
    names: Option<String>,
}

/// What a short form stands for.
#[derive(Debug)]
enum Short {
    /// The field of the long form that it gives.
    Field(String),
    /// The long form for each word that it can be.
    Words(BTreeMap<String, Vec<(String, String)>>),
}

impl Short {
    fn read(schema: &Json) -> Option<Self> {
        let text = |value: &Json| value.as_str().map(str::to_owned);
        let fields = |long: &Json| {
            let fields = long.as_object().into_iter().flatten();
            fields.filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
        };
        match schema {
            Json::String(field) => Some(Self::Field(field.clone())),
            Json::Object(words) => {
                let words = words.iter().map(|(word, long)| (word.clone(), fields(long)));
                Some(Self::Words(words.collect()))
            }
            _ => None,
        }
    }
}

/// The ways to probe, of which one is given.
const PROBED: [&str; 4] = ["http", "tcp", "grpc", "exec"];
/// The same, with what belongs to one of them.
const PROBE_WAYS: [&str; 8] =
    ["http", "tcp", "grpc", "exec", "port", "scheme", "headers", "service"];

/// What messages call an app file.
const WHOLE: &str = "the app file";

/// A schema: its places for reading, and its validator for what is wrong.
#[derive(Debug)]
pub(super) struct Grammar {
    pub(super) schema: Json,
    pub(super) shapes: Vec<Shape>,
    pub(super) judges: Vec<Judge>,
    /// What messages call the whole file.
    whole: &'static str,
    validator: OnceLock<Validator>,
}

/// A place of the schema; `None` where the schema says nothing.
pub(super) type At = Option<usize>;

impl Grammar {
    /// The grammar of a whole file.
    pub(super) fn app() -> &'static Self {
        static APP: OnceLock<Grammar> = OnceLock::new();
        APP.get_or_init(|| Self::compile(model::schema(), WHOLE))
    }

    /// The grammar of a delta.
    pub(super) fn delta() -> &'static Self {
        static DELTA: OnceLock<Grammar> = OnceLock::new();
        DELTA.get_or_init(|| Self::compile(model::overlay(), WHOLE))
    }

    pub(super) fn compile(schema: Json, whole: &'static str) -> Self {
        let mut compiler = Compiler {
            schema: &schema,
            shapes: Vec::new(),
            named: BTreeMap::new(),
            judges: Vec::new(),
            judged: BTreeMap::new(),
        };
        compiler.shape(&schema);
        let Compiler { shapes, judges, .. } = compiler;
        Self { schema, shapes, judges, whole, validator: OnceLock::new() }
    }

    /// The validator of the whole schema.
    #[allow(clippy::expect_used, reason = "our own schema; a test compiles it")]
    fn validator(&self) -> &Validator {
        self.validator.get_or_init(|| {
            jsonschema::options()
                .with_pattern_options(PatternOptions::regex())
                .build(&self.schema)
                .expect("the generated schema is a schema")
        })
    }

    /// The root of the schema.
    pub(super) const ROOT: At = Some(0);

    /// The place below `at` under a key.
    pub(super) fn child(&self, at: At, key: &str) -> At {
        let shape = &self.shapes[at?];
        shape.properties.get(key).copied().or(shape.additional)
    }

    /// The place of the items of a list.
    pub(super) fn item(&self, at: At) -> At {
        self.shapes[at?].items
    }

    /// Whether a later layer replaces a mapping here as a whole.
    pub(super) fn replaces(&self, at: At) -> bool {
        at.is_some_and(|at| self.shapes[at].replace)
    }

    /// The place of the items of a list whose items have names.
    pub(super) fn named_items(&self, at: At) -> Option<At> {
        let shape = &self.shapes[at?];
        shape.named.then_some(shape.items)
    }

    /// Whether a mapping is a short form: the place takes it for a field of the long form, and it has
    /// none of the fields that the long form has.
    pub(super) fn is_short_mapping(&self, node: &Node, at: At) -> bool {
        let Some(shape) = at.map(|at| &self.shapes[at]) else { return false };
        shape.short_is_a_mapping()
            && matches!(node.value, Value::Mapping(_))
            && node.entries().iter().all(|entry| !shape.properties.contains_key(&*entry.key.text))
    }

    /// The long form of a short one; anything else as it is.
    pub(super) fn long(&self, node: Node, at: At) -> Node {
        let Some(short) = at.and_then(|at| self.shapes[at].short.as_ref()) else { return node };
        let span = node.span;
        let key = |field: &str| Key { text: field.into(), span };
        let scalar = |text: &str| {
            let value = Value::Scalar(Scalar { text: text.into(), style: Style::Plain });
            Node { value, span }
        };
        let entries = match (&node.value, short) {
            (Value::Scalar(_), _) if node.is_null() => return node,
            (Value::Scalar(_), Short::Field(field)) => {
                vec![Entry { key: key(field), value: node }]
            }
            (Value::Mapping(_), Short::Field(field)) if self.is_short_mapping(&node, at) => {
                vec![Entry { key: key(field), value: node }]
            }
            (Value::Scalar(word), Short::Words(words)) => match words.get(&*word.text) {
                Some(fields) => fields
                    .iter()
                    .map(|(field, text)| Entry { key: key(field), value: scalar(text) })
                    .collect(),
                None => return node,
            },
            _ => return node,
        };
        Node { value: Value::Mapping(Mapping::new(entries)), span }
    }

    /// Whether no schema of ours describes what is here.
    pub(super) fn is_free(&self, at: At) -> bool {
        at.is_some_and(|at| self.shapes[at].free)
    }

    /// Whether a place takes a list of names for a mapping from names to settings.
    pub(super) fn names_or_settings(&self, at: At) -> bool {
        at.is_some_and(|at| self.shapes[at].types.array && self.shapes[at].types.object)
    }

    /// Whether a place takes a list and nothing else.
    pub(super) fn only_a_list(&self, at: At) -> bool {
        at.is_some_and(|at| {
            let Types { boolean, integer, string, array, object } = self.shapes[at].types;
            array && !(boolean || integer || string || object)
        })
    }

    /// The fields of a place that a layer takes away by giving one of those that exclude each
    /// other.
    pub(super) fn excluded(&self, at: At, given: impl Fn(&str) -> bool) -> &[&'static str] {
        match at {
            Some(at) if self.shapes[at].probe && PROBED.iter().any(|way| given(way)) => &PROBE_WAYS,
            Some(at) if self.shapes[at].counted && given("autoscale") => &["replicas"],
            Some(at) if self.shapes[at].counted && given("replicas") => &["autoscale"],
            _ => &[],
        }
    }

    /// The tree as JSON, each scalar typed by its place.
    pub(super) fn value(&self, node: &Node, at: At) -> Json {
        if self.is_free(at) {
            return typed(node);
        }
        match &node.value {
            Value::Mapping(_) => {
                let field = |entry: &Entry| {
                    let value = self.value(&entry.value, self.child(at, &entry.key.text));
                    (entry.key.text.to_string(), value)
                };
                Json::Object(node.entries().iter().map(field).collect::<Map<_, _>>())
            }
            Value::Sequence(items) => {
                let item = at.and_then(|at| self.shapes[at].items);
                Json::Array(items.iter().map(|node| self.value(node, item)).collect())
            }
            Value::Scalar(scalar) => self.scalar(scalar, node.is_null(), at),
        }
    }

    /// A scalar as JSON, typed by its place.
    pub(super) fn scalar(&self, scalar: &Scalar, null: bool, at: At) -> Json {
        let types =
            at.map_or(Types { string: true, ..Types::default() }, |at| self.shapes[at].types);
        let text = &*scalar.text;
        if scalar.style == Style::Plain {
            if null {
                return Json::Null;
            }
            if types.boolean && (text == "true" || text == "false") {
                return Json::Bool(text == "true");
            }
            if types.integer
                && let Some(number) = decimal(text)
            {
                return Json::Number(number);
            }
        }
        Json::String(text.to_owned())
    }

    /// Reports everything in `tree` that the schema does not allow.
    pub(super) fn check(&self, tree: &Node, sink: &mut Sink) {
        if self.accepts(tree, Self::ROOT) {
            return;
        }
        let instance = self.value(tree, Self::ROOT);
        for error in self.validator().iter_errors(&instance) {
            let pointer = error.instance_path().to_string();
            let found = self.locate(tree, &pointer);
            self.explain(error.kind(), &found, sink);
        }
        self.both_forms(tree, Self::ROOT, sink);
    }

    /// Reports what stands beside the field of the long form that it is the short form of.
    fn both_forms(&self, node: &Node, at: At, sink: &mut Sink) {
        if let (Some(shape), true) = (at.map(|at| &self.shapes[at]), self.has_both_forms(node, at))
            && let Some(Short::Field(field)) = &shape.short
        {
            let known = |entry: &&Entry| !shape.properties.contains_key(&*entry.key.text);
            for entry in node.entries().iter().filter(known) {
                let name = &entry.key.text;
                let title = format!("`{name}` stands beside `{field}`");
                let place = Place::Bytes(entry.key.span);
                let label =
                    format!("the short form has no `{field}`, the long form nothing beside it");
                sink.report(
                    Diagnostic::new(&rule::MALFORMED_VALUE, title, place, label)
                        .help(format!("move it under `{field}`")),
                );
            }
        }
        for entry in node.entries() {
            self.both_forms(&entry.value, self.child(at, &entry.key.text), sink);
        }
        for item in node.items() {
            self.both_forms(item, self.item(at), sink);
        }
    }

    /// Whether a mapping is a short form and a long one at once.
    pub(super) fn has_both_forms(&self, node: &Node, at: At) -> bool {
        let Some(shape) = at.map(|at| &self.shapes[at]) else { return false };
        let Some(Short::Field(field)) = &shape.short else { return false };
        shape.short_is_a_mapping()
            && node.get(field).is_some()
            && node.entries().iter().any(|e| !shape.properties.contains_key(&*e.key.text))
    }

    fn locate<'t>(&self, tree: &'t Node, pointer: &str) -> Found<'t> {
        let mut found =
            Found { key: None, node: tree, at: Self::ROOT, path: Vec::new(), whole: self.whole };
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let next = match &found.node.value {
                Value::Sequence(items) => {
                    step.parse().ok().and_then(|index: usize| items.get(index)).map(|item| {
                        let at = found.at.and_then(|at| self.shapes[at].items);
                        Found { key: None, node: item, at, path: Vec::new(), whole: self.whole }
                    })
                }
                _ => found.node.get(&step).map(|entry| Found {
                    key: Some(entry),
                    node: &entry.value,
                    at: self.child(found.at, &step),
                    path: Vec::new(),
                    whole: self.whole,
                }),
            };
            let Some(mut next) = next else { break };
            next.path = found.path;
            next.path.push(step);
            found = next;
        }
        found
    }

    fn explain(&self, kind: &ValidationErrorKind, found: &Found<'_>, sink: &mut Sink) {
        if found.node.scalar().is_some_and(|scalar| scalar.text.contains(UNRESOLVED)) {
            return;
        }
        let shape = found.at.map(|at| &self.shapes[at]);
        let expected = shape.map_or_else(|| "something else".into(), Shape::words);
        let name = found.name();
        let value = Place::Bytes(found.value_span());
        let wrong =
            |rule, fact: String, label: String| Diagnostic::new(rule, fact, value.clone(), label);
        let diagnostic = match kind {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                for key in unexpected {
                    let Some(entry) = found.node.get(key) else { continue };
                    let known = || shape.into_iter().flat_map(|shape| shape.properties.keys());
                    let has = |field: &str| known().any(|name| name == field);
                    let help = match advice::instead(key, has) {
                        Some(advice) => Some(advice.to_owned()),
                        None => did_you_mean(key, known().map(String::as_str)),
                    };
                    let title = format!("{} has no field `{key}`", found.owner());
                    let place = Place::Bytes(entry.key.span);
                    let diagnostic =
                        Diagnostic::new(&rule::UNKNOWN_FIELD, title, place, "unknown field");
                    sink.report(match help {
                        Some(help) => diagnostic.help(help),
                        None => diagnostic,
                    });
                }
                return;
            }
            ValidationErrorKind::Required { property } => {
                let field = property.as_str().unwrap_or_default();
                let place = match found.key {
                    Some(entry) => Place::Bytes(entry.key.span),
                    None => Place::Bytes(crate::source::resolve_in(
                        found.node,
                        &crate::source::Path::root(),
                        true,
                    )),
                };
                Diagnostic::new(
                    &rule::MISSING_FIELD,
                    format!("{} has no `{field}`", found.owner()),
                    place,
                    format!("`{field}` is missing"),
                )
                .help(format!("add `{field}:`"))
            }
            ValidationErrorKind::Type { .. } => {
                let types = shape.map(|shape| shape.types).unwrap_or_default();
                let help = (found.node.is_null() && types.object).then(|| match types.string {
                    true => "remove the key, or write `\"\"` for an empty text".to_owned(),
                    false => "write `{}` for an empty mapping".to_owned(),
                });
                let diagnostic = wrong(
                    &rule::WRONG_TYPE,
                    format!("{name} must be {expected}"),
                    format!("this is {}", describe(found.node)),
                );
                let example = || self.example(&found.path);
                let example = || example().map(|example| format!("write for example `{example}`"));
                match help.or_else(|| self.nearly(found.node, found.at)).or_else(example) {
                    Some(help) => diagnostic.help(help),
                    None => diagnostic,
                }
            }
            ValidationErrorKind::Enum { .. } | ValidationErrorKind::Pattern { .. }
                if shape.is_some_and(|shape| !shape.choices.is_empty()) =>
            {
                let choices: Vec<&str> = shape
                    .into_iter()
                    .flat_map(|shape| &shape.choices)
                    .map(String::as_str)
                    .collect();
                let text = found.node.scalar().map_or("", |scalar| &scalar.text);
                // Another way to write the same word is the nearest of all.
                let same = choices.iter().find(|choice| choice.eq_ignore_ascii_case(text));
                let text = same.copied().unwrap_or(text);
                wrong(
                    &rule::UNKNOWN_VALUE,
                    format!("{name} cannot be {}", describe(found.node)),
                    "no such choice".into(),
                )
                .suggest(text, choices)
            }
            ValidationErrorKind::Minimum { limit } => wrong(
                &rule::OUT_OF_RANGE,
                format!("{name} is out of range"),
                format!("must be at least {limit}"),
            ),
            ValidationErrorKind::Maximum { limit } => wrong(
                &rule::OUT_OF_RANGE,
                format!("{name} is out of range"),
                format!("must be at most {limit}"),
            ),
            ValidationErrorKind::MaxLength { limit } => wrong(
                &rule::OUT_OF_RANGE,
                format!("{name} is too long"),
                format!("must have at most {limit} characters"),
            ),
            // A mapping may be empty only because its one entry could not be read.
            ValidationErrorKind::MinProperties { .. } if sink.checkpoint().is_err() => return,
            ValidationErrorKind::MinProperties { .. } | ValidationErrorKind::MinItems { .. }
                if !self.replaces(found.at) =>
            {
                wrong(&rule::OUT_OF_RANGE, format!("{name} is empty"), "needs an entry".into())
            }
            ValidationErrorKind::MinLength { .. } => {
                wrong(&rule::OUT_OF_RANGE, format!("{name} is empty"), "needs a text".into())
            }
            ValidationErrorKind::PropertyNames { error } => {
                let key = error.instance().as_str().unwrap_or_default().to_owned();
                let place = found
                    .node
                    .get(&key)
                    .map_or_else(|| value.clone(), |entry| Place::Bytes(entry.key.span));
                let names = shape.and_then(|shape| shape.names.clone());
                Diagnostic::new(
                    &rule::MALFORMED_VALUE,
                    format!("`{key}` cannot be a name here"),
                    place,
                    names.unwrap_or_else(|| "not a name".into()),
                )
            }
            _ => {
                let diagnostic = wrong(
                    &rule::MALFORMED_VALUE,
                    format!("{name} is malformed"),
                    format!("must be {expected}"),
                );
                match self.nearly(found.node, found.at) {
                    Some(help) => diagnostic.help(help),
                    None => diagnostic,
                }
            }
        };
        sink.report(diagnostic);
    }
}

/// Where a schema error leads in the tree.
struct Found<'t> {
    key: Option<&'t Entry>,
    node: &'t Node,
    at: At,
    path: Vec<String>,
    /// What messages call the whole file.
    whole: &'static str,
}

impl Found<'_> {
    fn value_span(&self) -> crate::yaml::Span {
        match self.key {
            // Nothing written, or a block over many lines: the key is the better place.
            Some(entry)
                if self.node.span.start == self.node.span.end
                    || !matches!(self.node.value, Value::Scalar(_)) =>
            {
                entry.key.span
            }
            _ => self.node.span,
        }
    }

    fn name(&self) -> String {
        match self.path.last() {
            Some(step) if step.parse::<usize>().is_ok() && self.key.is_none() => {
                let list = self.path.iter().rev().nth(1).map_or("list", String::as_str);
                format!("an item of `{list}`")
            }
            Some(step) => format!("`{step}`"),
            None => self.whole.into(),
        }
    }

    fn owner(&self) -> String {
        match self.path.as_slice() {
            [] => self.whole.into(),
            [.., list, last] if last.parse::<usize>().is_ok() => format!("an item of `{list}`"),
            [.., parent, last] if parent == "components" => format!("component `{last}`"),
            [.., last] => format!("`{last}`"),
        }
    }
}

impl Shape {
    /// Whether the short form is a mapping with keys of the author's own.
    fn short_is_a_mapping(&self) -> bool {
        matches!(self.short, Some(Short::Field(_))) && self.additional.is_some()
    }

    fn words(&self) -> String {
        if let Some(expected) = &self.expected {
            return expected.clone();
        }
        let Types { boolean, integer, string, array, object, .. } = self.types;
        let mut words = Vec::new();
        if !self.choices.is_empty() {
            let choices: Vec<&str> = self.choices.iter().map(String::as_str).collect();
            return format!("one of {}", listing(&choices));
        }
        for (accepted, word) in [
            (boolean, "`true` or `false`"),
            (integer, "a whole number"),
            (string, "text"),
            (array, "a list"),
            (object, "a mapping"),
        ] {
            if accepted {
                words.push(word);
            }
        }
        words.join(" or ")
    }
}

struct Compiler<'s> {
    schema: &'s Json,
    shapes: Vec<Shape>,
    named: BTreeMap<&'s str, usize>,
    judges: Vec<Judge>,
    /// The judges by what they judge.
    judged: BTreeMap<String, usize>,
}

impl<'s> Compiler<'s> {
    fn shape(&mut self, schema: &'s Json) -> usize {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.trim_start_matches("#/$defs/");
            if let Some(known) = self.named.get(name) {
                return *known;
            }
            let slot = self.reserve();
            self.named.insert(name, slot);
            let target = &self.schema["$defs"][name];
            self.fill(slot, target);
            return slot;
        }
        let slot = self.reserve();
        self.fill(slot, schema);
        slot
    }

    fn reserve(&mut self) -> usize {
        self.shapes.push(Shape::default());
        self.shapes.len() - 1
    }

    fn fill(&mut self, slot: usize, schema: &'s Json) {
        let mut shape = Shape {
            types: Types::read(&schema["type"]),
            replace: schema[model::REPLACE] == true,
            named: schema[model::BY_NAME] == true,
            short: Short::read(&schema[model::SHORT]),
            free: schema[model::FREE] == true,
            probe: PROBED.iter().all(|way| schema["properties"][way].is_object()),
            counted: ["replicas", "autoscale"]
                .iter()
                .all(|way| schema["properties"][way].is_object()),
            expected: schema[model::EXPECTED].as_str().map(str::to_owned),
            ..Shape::default()
        };
        // Where any name can stand, those that are always known are the choices to propose.
        let suggested = schema[model::SUGGESTED]["enum"].as_array();
        if let Some(choices) = schema["enum"].as_array().or(suggested) {
            shape.choices = choices.iter().filter_map(|c| c.as_str().map(str::to_owned)).collect();
        }
        if let Some(names) = schema["propertyNames"][model::EXPECTED].as_str() {
            shape.names = Some(format!("must be {names}"));
        }
        shape.demands = Demands::read(schema, &mut self.judges, &mut self.judged);
        if schema["propertyNames"].is_object() {
            shape.demands.keys = Some(self.shape(&schema["propertyNames"]));
        }
        if let Some(properties) = schema["properties"].as_object() {
            for (name, property) in properties {
                let child = self.shape(property);
                shape.properties.insert(name.clone(), child);
            }
        }
        if schema["additionalProperties"].is_object() {
            shape.additional = Some(self.shape(&schema["additionalProperties"]));
        }
        if schema["items"].is_object() {
            shape.items = Some(self.shape(&schema["items"]));
        }
        self.shapes[slot] = shape;
    }
}

impl Types {
    fn read(schema: &Json) -> Self {
        let named = |name: &str| match schema {
            Json::Array(types) => types.iter().any(|known| known == name),
            one => one == name,
        };
        Self {
            boolean: named("boolean"),
            integer: named("integer"),
            string: named("string"),
            array: named("array"),
            object: named("object"),
        }
    }
}

/// A decimal integer and nothing else: no sign but minus, no leading zero, no `_`, no exponent.
fn decimal(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    if !plain {
        return None;
    }
    match text.parse::<i64>() {
        Ok(number) => Some(number.into()),
        // Beyond 64 bits it is out of every range we have; the range check says so.
        Err(_) => Some(if text.starts_with('-') { i64::MIN.into() } else { u64::MAX.into() }),
    }
}

/// What a node is, for people. Long texts are cut.
pub(super) fn describe(node: &Node) -> String {
    match &node.value {
        Value::Mapping(_) => "a mapping".into(),
        Value::Sequence(_) => "a list".into(),
        Value::Scalar(_) if node.is_null() => "nothing".into(),
        Value::Scalar(scalar) if scalar.text.is_empty() => "empty".into(),
        // A text that is not what the file holds was made with parameters, which may be secret.
        Value::Scalar(scalar) if !as_written(node, scalar) => {
            "what its parameters make of it".into()
        }
        Value::Scalar(scalar) => {
            let text: String = scalar.text.chars().take(40).collect();
            let more = if text.len() < scalar.text.len() { "…" } else { "" };
            match scalar.style {
                Style::Plain => format!("`{text}{more}`"),
                _ => format!("the text `{text}{more}`"),
            }
        }
    }
}

/// Whether a scalar of one line is as long as its text with its quotes.
pub(super) fn as_written(node: &Node, scalar: &Scalar) -> bool {
    let quotes = match scalar.style {
        Style::Plain => 0,
        Style::SingleQuoted | Style::DoubleQuoted => 2,
        Style::Literal | Style::Folded => return true,
    };
    (node.span.end - node.span.start) as usize == scalar.text.len() + quotes
}
