//! The routes of an entry in Gateway API.

use super::gateway_hosts;
use super::listen::parents;
use crate::graph::{Component, Entry, Graph};
use crate::lower::labels;
use crate::lower::route::{Made, assemble, rules};
use crate::lower::view::{HttpRouteRule, Meta, View};
use crate::traffic::{ROUTE_RULES, Step, entrances, steps, unroutable};

/// The HTTPRoutes of one entry: one, unless it has more hosts or rules than fit.
pub(super) fn routes(graph: &Graph, component: &Component, entry: &Entry, views: &mut Vec<View>) {
    let hosts = gateway_hosts(entry);
    let hosts: Vec<&[String]> = match hosts.is_empty() {
        true => vec![&[]],
        false => hosts.chunks(ROUTE_RULES).collect(),
    };
    // The component's own proxies do all that is to be done.
    let door = entrances(graph, component).contains_key(&entry.port);
    let steps: Vec<Step<'_>> = match door {
        true => vec![Step::plain()],
        false => steps(component, true),
    };
    let routable = |step: &Step<'_>| unroutable(&step.matches).is_none();
    let steps: Vec<Step<'_>> = steps.into_iter().filter(routable).collect();
    let mut number = 0;
    for hosts in hosts {
        let mut open: Vec<Made> = Vec::new();
        let mut close = |rules: &mut Vec<Made>| {
            number += 1;
            views.push(route(graph, component, entry, number, hosts, std::mem::take(rules)));
        };
        for path in entry.paths_or_all() {
            // The rules of one path stay together: between routes, their order would be lost.
            let number = component.ports[entry.port].port;
            let mut group = rules(component, number, &entry.path, &path, &steps);
            if door {
                let untreated =
                    |(rule, trace)| (HttpRouteRule { mirror: None, timeout: None, ..rule }, trace);
                group = group.into_iter().map(untreated).collect();
            }
            if open.len() + group.len() > ROUTE_RULES {
                close(&mut open);
            }
            open.extend(group);
        }
        close(&mut open);
    }
}

fn route(
    graph: &Graph,
    component: &Component,
    entry: &Entry,
    number: usize,
    hosts: &[String],
    made: Vec<Made>,
) -> View {
    let name = component.route_part(entry, number);
    // A route leads to Services of its own namespace only, unless that one grants it.
    let meta = Meta::new(name, Some(&component.namespace), labels(graph, component));
    let parents = parents(graph, component, entry);
    assemble(meta, parents, hosts.to_vec(), made, entry.path.clone())
}
