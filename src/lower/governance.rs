//! What each governance mode adds to a component.

mod istio;

pub(super) use istio::{gateway_connections, gateway_routes};

use super::policy::Callers;
use super::view::View;
use crate::graph::{ComponentId, Graph};
use crate::model::Governance;

/// The mode's own objects for one component.
pub(super) fn component(graph: &Graph, id: ComponentId, views: &mut Vec<View>) {
    match graph.governance {
        // Services are all there is: a version's share follows its pods.
        Governance::Kubernetes => {}
        Governance::Istio => istio::component(graph, id, views),
    }
}

/// The mode's own part of a component's policy.
pub(super) fn policy(graph: &Graph, callers: &Callers, id: ComponentId, views: &mut Vec<View>) {
    match graph.governance {
        Governance::Kubernetes => {}
        Governance::Istio => istio::policy(graph, callers, id, views),
    }
}

/// The mode's own part of the policy of the application as a whole.
pub(super) fn policy_of_application(graph: &Graph, views: &mut Vec<View>) {
    match graph.governance {
        Governance::Kubernetes => {}
        Governance::Istio => istio::policy_of_application(graph, views),
    }
}
