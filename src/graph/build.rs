//! Binding names: `App` → `Graph`.

mod shell;
mod version;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::shell::{Unbound, shell};
use self::version::Binder;
use super::{Answer, Component, ComponentId, Graph, Loader, Version, rule};
use crate::diag::{Diagnostic, Sink};
use crate::model::{self, App, GatewayKind, Governance, TlsMode};
use crate::source::{Path, Place};

/// Binds every name of the app. Contents of files come through `load`. What cannot be bound is
/// reported and left out, so that the rules can go on to find what else is wrong.
pub fn build(app: App, load: Loader<'_>, sink: &mut Sink) -> Graph {
    let root = Path::root().field("components");
    let gateway_hosts: Vec<Arc<str>> = app
        .gateway
        .iter()
        .flat_map(|gateway| gateway.hosts.iter().flatten())
        .map(|host| host.0.clone())
        .collect();
    let mut components = Vec::with_capacity(app.components.len());
    let mut settings = Vec::with_capacity(app.components.len());
    let namespace = app.namespace.map_or_else(|| app.name.0.clone(), |namespace| namespace.0);
    for (name, component) in app.components {
        let path = root.key(&name);
        let (component, versions) = shell(name, component, path, &namespace, &gateway_hosts, sink);
        components.push(component);
        settings.push(versions);
    }
    gateway_strays(app.gateway.as_ref(), sink);
    tls_strays(app.gateway.as_ref(), &components, sink);
    let names = answers(&components, &settings, sink);
    let mut binder = Binder { components: &components, names: &names, load, sink };
    let bound: Vec<Vec<Version>> = settings
        .into_iter()
        .enumerate()
        .map(|(position, versions)| binder.versions(ComponentId(position), versions))
        .collect();
    for (component, versions) in components.iter_mut().zip(bound) {
        component.versions = versions;
    }
    let mut callers = vec![Vec::new(); components.len()];
    for (position, component) in components.iter().enumerate() {
        for call in component.versions.iter().flat_map(|version| &version.calls) {
            let list: &mut Vec<ComponentId> = &mut callers[call.to.0];
            if list.last() != Some(&ComponentId(position)) {
                list.push(ComponentId(position));
            }
        }
    }
    Graph {
        namespace,
        name: app.name.0,
        version: app.version.map(|version| version.to_string()),
        governance: app.governance.unwrap_or(Governance::Kubernetes),
        gateway: app.gateway,
        components,
        names,
        callers,
    }
}

/// Settings of the gateway that its kind has no use for. Where no kind is written, the file may be
/// meant for several modes, and each takes what it needs.
fn gateway_strays(gateway: Option<&model::Gateway>, sink: &mut Sink) {
    let Some((gateway, kind)) = gateway.and_then(|gateway| Some((gateway, gateway.kind?))) else {
        return;
    };
    let istio = kind == GatewayKind::Istio;
    let useless = [
        ("class", gateway.class.is_some() && istio),
        ("port", gateway.port.is_some() && kind == GatewayKind::Ingress),
        ("selector", gateway.selector.is_some() && !istio),
    ];
    let path = Path::root().field("gateway");
    for (field, _) in useless.into_iter().filter(|(_, useless)| *useless) {
        let title = format!("`{field}` has no effect on a gateway of kind `{}`", kind.name());
        let place = Place::Key(path.field(field));
        sink.report(
            Diagnostic::new(
                &rule::FIELD_WITHOUT_EFFECT,
                title,
                place,
                "nothing would come of this",
            )
            .also(Place::Value(path.field("kind")), "kind of the gateway")
            .help(format!("remove `{field}`")),
        );
    }
}

/// Settings of TLS that nothing would come of: of a certificate where the gateway shows none, or of
/// all where nothing that is exposed would use it.
fn tls_strays(gateway: Option<&model::Gateway>, components: &[Component], sink: &mut Sink) {
    let Some(tls) = gateway.and_then(|gateway| gateway.tls.as_ref()) else { return };
    let path = Path::root().field("gateway").field("tls");
    let passes = tls.mode == Some(TlsMode::Passthrough);
    let shown = [
        ("secret", tls.secret.is_some()),
        ("certificates", tls.certificates.is_some()),
        ("minVersion", tls.min_version.is_some()),
        ("redirect", tls.redirect.is_some()),
    ];
    for (field, _) in shown.into_iter().filter(|(_, written)| passes && *written) {
        let title = format!("`{field}` has no effect where the component ends TLS");
        let place = Place::Key(path.field(field));
        sink.report(
            Diagnostic::new(&rule::FIELD_WITHOUT_EFFECT, title, place, "the gateway opens nothing")
                .also(Place::Value(path.field("mode")), "passes TLS on as it is")
                .help(format!("remove `{field}`")),
        );
    }
    let exposed = components.iter().flat_map(|component| {
        let through = component.entries.iter().filter(|entry| entry.via == model::Via::Gateway);
        through.map(|entry| (entry, component.ports[entry.port].protocol))
    });
    let (mut any, mut used) = (false, false);
    for (entry, protocol) in exposed {
        any = true;
        used |= match passes {
            true => entry.own_port.is_none() && protocol.hides_requests(),
            false => protocol.is_http(),
        };
    }
    if any && !used {
        let wanted = if passes { "`https` or `tls`" } else { "`http`, `http2` or `grpc`" };
        let title = "`tls` has no effect: nothing that is exposed would use it".to_owned();
        let label = format!("no port that speaks {wanted} is exposed through the gateway");
        sink.report(
            Diagnostic::new(&rule::FIELD_WITHOUT_EFFECT, title, Place::Key(path), label)
                .help("remove `tls`, or give the port the protocol that it speaks"),
        );
    }
}

/// Who answers each DNS name of the namespace. Two claims on one name are an error.
fn answers(
    components: &[Component],
    versions: &[Vec<Unbound>],
    sink: &mut Sink,
) -> BTreeMap<Arc<str>, Answer> {
    let mut names: BTreeMap<Arc<str>, (Answer, Place, String)> = BTreeMap::new();
    let mut claim = |name: Arc<str>, answer: Answer, place: Place, what: String| {
        if let Some((_, first, as_what)) = names.get(&name) {
            let title = format!("two components claim the name `{name}`");
            sink.report(
                Diagnostic::new(&rule::ALIAS_COLLISION, title, place, what)
                    .also(first.clone(), as_what.clone())
                    .help("give one of them another name"),
            );
            return;
        }
        names.insert(name, (answer, place, what));
    };
    for (position, component) in components.iter().enumerate() {
        let answer = Answer { component: ComponentId(position), version: None };
        let place = Place::Key(component.path.clone());
        claim(component.name.clone(), answer, place, "this component".into());
    }
    for (position, (component, versions)) in components.iter().zip(versions).enumerate() {
        let id = ComponentId(position);
        for (index, alias) in component.aliases.iter().enumerate() {
            let place = Place::Value(component.path.field("aliases").index(index));
            let answer = Answer { component: id, version: None };
            claim(alias.clone(), answer, place, format!("an alias of `{}`", component.name));
        }
        if !component.versioned || component.ports.is_empty() {
            continue;
        }
        for (index, (version, path, _)) in versions.iter().enumerate() {
            let answer = Answer { component: id, version: Some(index) };
            let what = format!("version `{version}` of `{}` answers by this name", component.name);
            let name = format!("{}-{version}", component.name).into();
            claim(name, answer, Place::Key(path.clone()), what);
        }
    }
    names.into_iter().map(|(name, (answer, ..))| (name, answer)).collect()
}
