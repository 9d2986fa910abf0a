//! The names that weft makes, by the placeholders that stand for them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::super::Component;
use super::shell::Unbound;
use crate::diag::{did_you_mean, listing};
use crate::model::Kind;
use crate::raw::Unknown;

/// What the application makes, as far as names go.
pub(super) struct Made<'a> {
    pub(super) app: &'a str,
    pub(super) namespace: &'a str,
    pub(super) components: &'a [Component],
    pub(super) versions: &'a [Vec<Unbound>],
    /// Components whose address was asked for: what asks for it means to call them.
    pub(super) touched: RefCell<BTreeSet<Arc<str>>>,
}

fn unknown(label: impl Into<String>, help: Option<String>) -> Unknown {
    Unknown { label: label.into(), help }
}

impl Made<'_> {
    /// Every namespace of the application.
    pub(super) fn namespaces(&self) -> BTreeSet<String> {
        let own = std::iter::once(self.namespace.to_owned());
        own.chain(self.components.iter().map(|c| c.namespace.to_string())).collect()
    }

    /// What `component.reviews.service`, `app.name` and the like stand for.
    pub(super) fn resolve(&self, placeholder: &str) -> Result<Value, Unknown> {
        let steps: Vec<&str> = placeholder.split('.').collect();
        match steps.as_slice() {
            ["app", "name"] => Ok(self.app.into()),
            ["app", "namespace"] => Ok(self.namespace.into()),
            ["app", field] => {
                Err(unknown("the app has no such name", did_you_mean(field, ["name", "namespace"])))
            }
            ["component", name, rest @ ..] => {
                let found = self.components.binary_search_by(|known| (*known.name).cmp(name));
                let Ok(at) = found else {
                    let known = self.components.iter().map(|component| &*component.name);
                    let label = format!("there is no component `{name}`");
                    return Err(unknown(label, did_you_mean(name, known)));
                };
                self.of_component(&self.components[at], &self.versions[at], rest)
            }
            _ => Err(unknown("no such name", Some("see the README for what there is".into()))),
        }
    }

    fn of_component(
        &self,
        component: &Component,
        versions: &[Unbound],
        rest: &[&str],
    ) -> Result<Value, Unknown> {
        let name = &component.name;
        let kind = component.kind.name();
        let full = |service: &str| format!("{service}.{}.svc.cluster.local", component.namespace);
        let known: Vec<&str> = versions.iter().map(|(version, ..)| &**version).collect();
        match rest {
            ["service" | "host", ..] | [_, "service" | "host"] if component.ports.is_empty() => {
                let help = format!("add `ports:` to `{name}`");
                Err(unknown(format!("`{name}` has no Service: it opens no port"), Some(help)))
            }
            ["service"] => Ok(self.touch(name).into()),
            ["host"] => Ok(full(self.touch(name)).into()),
            ["serviceAccount"] if component.kind != Kind::External => {
                Ok(component.account.name.to_string().into())
            }
            ["ports", port] => match component.ports.iter().find(|known| *known.name == **port) {
                Some(port) => {
                    self.touch(name);
                    Ok(port.port.into())
                }
                None => {
                    let known = component.ports.iter().map(|port| &*port.name);
                    let label = format!("`{name}` has no port `{port}`");
                    Err(unknown(label, did_you_mean(port, known)))
                }
            },
            [field] if *field == kind && component.kind != Kind::External => match versions {
                [(version, ..)] => Ok(component.workload_name(version).into()),
                _ => {
                    let label = format!("`{name}` has a {kind} for each of {}", listing(&known));
                    let help = format!("write `${{component.{name}.{}.{kind}}}`", known[0]);
                    Err(unknown(label, Some(help)))
                }
            },
            [version, field] if known.contains(version) => match *field {
                "service" | "host" if component.versioned => {
                    self.touch(name);
                    let service = format!("{name}-{version}");
                    Ok(if *field == "host" { full(&service) } else { service }.into())
                }
                field if field == kind => Ok(component.workload_name(version).into()),
                field => {
                    let label = format!("version `{version}` of `{name}` has no `{field}`");
                    let fields = match component.versioned {
                        true => vec!["service", "host", kind],
                        false => vec![kind],
                    };
                    Err(unknown(label, did_you_mean(field, fields)))
                }
            },
            [field, ..] => {
                let mut fields = vec!["service", "host", "serviceAccount", "ports", kind];
                fields.extend(&known);
                Err(unknown(format!("`{name}` has no `{field}`"), did_you_mean(field, fields)))
            }
            [] => {
                let help = format!("write `${{component.{name}.service}}`");
                Err(unknown("which name of the component?", Some(help)))
            }
        }
    }

    fn touch<'n>(&self, name: &'n Arc<str>) -> &'n str {
        self.touched.borrow_mut().insert(name.clone());
        name
    }
}
