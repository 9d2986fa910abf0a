//! Binding names: `App` → `Graph`.

mod container;
mod dapr;
mod fronts;
mod names;
mod operation;
mod service;
mod shell;
mod version;
mod volume;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::names::Made;
use self::shell::{Unbound, shell};
use self::version::Binder;
use self::volume::Volumes;
use super::traffic::bind_callers;
use super::{Answer, Component, ComponentId, Front, Graph, Policy, Version, rule};
use crate::diag::{Diagnostic, Sink};
use crate::files::{LoadError, Loader};
use crate::model::{self, App, GatewayKind, Governance, TlsMode};
use crate::raw;
use crate::source::{Path, Place};

/// Binds every name of a system: the app that was asked for, then those that it uses; and for each
/// the apps that it uses itself, with where that is written. Contents of files come through `load`.
/// What cannot be bound is reported and left out, so that the rules can go on to find what else is
/// wrong. Of what is found in another app, errors alone are reported: a check of its own says the
/// rest.
pub fn build(
    system: Vec<App>,
    uses: Vec<Vec<(usize, Path)>>,
    governed: super::Governed,
    load: Loader<'_>,
    sink: &mut Sink,
) -> Graph {
    let own = &system[0];
    let name = own.name.0.clone();
    let super::Governed { governance, found, templates } = governed;
    let policy = Policy::new(own.policy.clone(), governance);
    let (namespace, version) = (namespace(own), own.version.clone());
    let gateway = own.gateway.clone();
    let envoy = own.envoy.clone().unwrap_or_default();
    gateway_strays(gateway.as_ref(), sink);

    let mut elsewhere = Sink::default();
    let mut apps = Vec::with_capacity(system.len());
    let mut components = Vec::new();
    let mut settings = Vec::new();
    let mut known = Vec::with_capacity(system.len());
    let mut offers = Vec::with_capacity(system.len());
    let mut all_fronts: Vec<Front> = Vec::new();
    let mut entrances: BTreeSet<ComponentId> = BTreeSet::new();
    let (mut raw_objects, mut all_patches) = (Vec::new(), BTreeMap::new());
    for (position, (app, uses)) in system.into_iter().zip(uses).enumerate() {
        let sink = if position == 0 { &mut *sink } else { &mut elsewhere };
        let scope = Scope::of(&app, position);
        let root = if position == 0 { Path::root() } else { Path::of_app(&app.name) };
        let closed = super::policy::closed(app.policy.as_ref(), &root);
        let mut member = Member::default();
        for (name, component) in app.components {
            let path = root.field("components").key(&name);
            let (component, versions) = shell(name, component, path, &scope, sink);
            member.components.push(component);
            member.versions.push(versions);
        }
        let first = components.len();
        let patches = app.patches.unwrap_or_default();
        let raw = app.raw.unwrap_or_default();
        let extra = member.extra(&app.name, &scope, root.clone(), raw, patches, sink);
        let names: Vec<Arc<str>> = member.components.iter().map(|own| own.name.clone()).collect();
        for component in &mut member.components {
            bind_callers(&names, first, &mut component.traffic.rules, sink);
        }
        let mut answers = answers(first, &member.components, &member.versions, sink);
        let claimed =
            fronts::claim(&extra.raw, &app.name, first, &member, &mut answers, &mut all_fronts);
        if position == 0 {
            let named =
                extra.entrances.iter().filter_map(|name| Some(answers.get(name)?.component));
            entrances.extend(named);
            entrances.extend(claimed);
            (raw_objects, all_patches) = (extra.raw, extra.patches);
        }
        let own = (first, &*member.components);
        let dapr = dapr::read(app.dapr, &app.name.0, &root, &answers, own, sink);
        offers.push(dapr);
        known.push(answers);
        components.append(&mut member.components);
        settings.append(&mut member.versions);
        apps.push(super::App { name: app.name.0, uses, closed });
    }
    strangers(&components, &known, &apps, sink);
    let own = components.partition_point(|component| component.app == 0);
    tls_strays(gateway.as_ref(), &components[..own], sink);

    let volumes = Volumes::read(apps.len(), &components, &settings, sink);
    let version_name = |(name, ..): &Unbound| name.0.clone();
    let version_names: Vec<Vec<Arc<str>>> =
        settings.iter().map(|versions| versions.iter().map(version_name).collect()).collect();
    let mut settings = settings.into_iter().enumerate();
    let mut bound: Vec<Vec<Version>> = Vec::with_capacity(components.len());
    let nothing = |_: &str| -> Result<Vec<u8>, LoadError> { Ok(Vec::new()) };
    let names: Vec<BTreeMap<Arc<str>, Answer>> =
        (0..apps.len()).map(|app| callable(app, &apps, &known)).collect();
    for (app, (names, (dapr, behind))) in names.iter().zip(&mut offers).enumerate() {
        // The files of another app are not ours to ship.
        let load: Loader<'_> = if app == 0 { load } else { &nothing };
        let sink = if app == 0 { &mut *sink } else { &mut elsewhere };
        let mut binder = Binder {
            components: &components,
            names,
            fronts: &all_fronts,
            volumes: &volumes,
            version_names: &version_names,
            blocks: &[],
            load,
            sink,
        };
        for (block, behind) in dapr.blocks.iter_mut().zip(std::mem::take(behind)) {
            block.calls = binder.behind(block, behind);
        }
        let mut binder = Binder { blocks: &dapr.blocks, ..binder };
        let members = components.iter().filter(|component| component.app == app).count();
        let members = settings.by_ref().take(members);
        bound.extend(members.map(|(at, versions)| binder.versions(ComponentId(at), versions)));
    }
    for (component, versions) in components.iter_mut().zip(bound) {
        component.versions = versions;
    }
    sink.take_errors(elsewhere);
    if governance == Governance::Dapr {
        dapr::reach(&mut components, &offers);
    }
    dapr::invoke(&mut components, governance);
    let (dapr, _) = offers.swap_remove(0);
    let callers = callers(&components);
    Graph {
        namespace,
        name,
        version: version.map(|version| version.to_string()),
        policy,
        dapr,
        governance,
        found,
        templates,
        gateway,
        envoy,
        apps,
        components,
        names: names.into_iter().next().unwrap_or_default(),
        callers,
        raw: raw_objects,
        fronts: all_fronts,
        entrances,
        patches: all_patches,
    }
}

/// One app on its way into the graph.
#[derive(Default)]
struct Member {
    components: Vec<Component>,
    /// The settings of the versions of each.
    versions: Vec<Vec<Unbound>>,
}

/// What an app has beside its components.
struct Extra {
    raw: Vec<raw::Object>,
    patches: BTreeMap<model::Name, model::Patch>,
    /// Components whose names the raw objects and patches ask for.
    entrances: BTreeSet<Arc<str>>,
}

impl Member {
    /// Reads raw objects and patches, and adds the Services among the former that lead to pods of
    /// the author's own to the components.
    fn extra(
        &mut self,
        app: &str,
        scope: &Scope,
        root: Path,
        raw: BTreeMap<model::Name, model::Raw>,
        mut patches: BTreeMap<model::Name, model::Patch>,
        sink: &mut Sink,
    ) -> Extra {
        if raw.is_empty() && patches.is_empty() {
            return Extra { raw: Vec::new(), patches, entrances: BTreeSet::new() };
        }
        let made = Made {
            app,
            namespace: &scope.namespace,
            components: &self.components,
            versions: &self.versions,
            touched: RefCell::default(),
        };
        let resolve = |placeholder: &str| made.resolve(placeholder);
        expand_patches(&mut patches, &root, &resolve, sink);
        let around = raw::Surroundings {
            app,
            namespace: &scope.namespace,
            root,
            namespaces: made.namespaces(),
            resolve: &resolve,
        };
        let raw = raw::read(raw, &around, sink);
        let entrances = made.touched.into_inner();
        fronts::add_nodes(app, scope.app, &raw, self);
        Extra { raw, patches, entrances }
    }
}

/// Replaces placeholders in what patches set.
fn expand_patches(
    patches: &mut BTreeMap<model::Name, model::Patch>,
    root: &Path,
    resolve: raw::Resolve<'_>,
    sink: &mut Sink,
) {
    for (name, patch) in patches {
        let path = root.field("patches").key(name);
        if let Some(merge) = &mut patch.merge {
            raw::expand(merge, &path.field("merge"), resolve, sink);
        }
        for (at, step) in patch.json.iter_mut().flatten().enumerate() {
            if let Some(value) = &mut step.value {
                let path = path.field("json").index(at).field("value");
                raw::expand(value, &path, resolve, sink);
            }
        }
    }
}

/// What holds for every component of an app.
struct Scope {
    /// Position of the app.
    app: usize,
    /// The namespace of those without one of their own.
    namespace: Arc<str>,
    /// The hosts of entries without any.
    gateway_hosts: Vec<Arc<str>>,
}

impl Scope {
    fn of(app: &App, position: usize) -> Self {
        let hosts = app.gateway.iter().flat_map(|gateway| gateway.hosts.iter().flatten());
        Self {
            app: position,
            namespace: namespace(app),
            gateway_hosts: hosts.map(|host| host.0.clone()).collect(),
        }
    }
}

/// The namespace of an app: the one that is written, or the app's name.
fn namespace(app: &App) -> Arc<str> {
    app.namespace.as_ref().map_or_else(|| app.name.0.clone(), |namespace| namespace.0.clone())
}

/// What the components of an app can call: one another, and those of the apps that it uses.
fn callable(
    app: usize,
    apps: &[super::App],
    known: &[BTreeMap<Arc<str>, Answer>],
) -> BTreeMap<Arc<str>, Answer> {
    let mut names = known[app].clone();
    for (used, _) in &apps[app].uses {
        let full = |name: &str| format!("{}/{name}", apps[*used].name).into();
        names.extend(known[*used].iter().map(|(name, answer)| (full(name), *answer)));
    }
    names
}

/// Two apps in one namespace must not claim one name.
fn strangers(
    components: &[Component],
    known: &[BTreeMap<Arc<str>, Answer>],
    apps: &[super::App],
    sink: &mut Sink,
) {
    for (other, app) in known.iter().zip(apps).skip(1) {
        for (name, theirs) in other {
            let Some(ours) = known[0].get(name) else { continue };
            let (ours, theirs) = (&components[ours.component.0], &components[theirs.component.0]);
            if ours.namespace != theirs.namespace {
                continue;
            }
            let title = format!("two apps claim the name `{name}` in `{}`", ours.namespace);
            let place = Place::Key(ours.path.clone());
            let what = format!("`{name}` leads to this component");
            sink.report(
                Diagnostic::new(&rule::ALIAS_COLLISION, title, place, what)
                    .also(
                        Place::Key(theirs.path.clone()),
                        format!("and to this one of `{}`", app.name),
                    )
                    .help("give one of them another name, or another namespace"),
            );
        }
    }
}

/// The callers of each component, in the order of the components.
fn callers(components: &[Component]) -> Vec<Vec<ComponentId>> {
    let mut callers = vec![Vec::new(); components.len()];
    for (position, component) in components.iter().enumerate() {
        for call in component.versions.iter().flat_map(|version| &version.calls) {
            let list: &mut Vec<ComponentId> = &mut callers[call.to.0];
            if list.last() != Some(&ComponentId(position)) {
                list.push(ComponentId(position));
            }
        }
    }
    callers
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
        ("serviceAccount", gateway.service_account.is_some() && !istio),
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

/// Who answers each DNS name of an app, whose first component has this position. Two claims on one
/// name are an error.
fn answers(
    from: usize,
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
        let answer = Answer { component: ComponentId(from + position), version: None, front: None };
        let place = Place::Key(component.path.clone());
        claim(component.name.clone(), answer, place, "this component".into());
    }
    for (position, (component, versions)) in components.iter().zip(versions).enumerate() {
        let id = ComponentId(from + position);
        for alias in &component.aliases {
            let place = Place::Key(alias.path.clone());
            let answer = Answer { component: id, version: None, front: None };
            claim(alias.name.clone(), answer, place, format!("an alias of `{}`", component.name));
        }
        if !component.versioned || component.ports.is_empty() {
            continue;
        }
        for (index, (version, path, _)) in versions.iter().enumerate() {
            let answer = Answer { component: id, version: Some(index), front: None };
            let what = format!("version `{version}` of `{}` answers by this name", component.name);
            let name = format!("{}-{version}", component.name).into();
            claim(name, answer, Place::Key(path.clone()), what);
        }
    }
    names.into_iter().map(|(name, (answer, ..))| (name, answer)).collect()
}
