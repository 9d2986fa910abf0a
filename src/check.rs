//! The rules over the graph: one file, one code, one `explain` text each.
//!
//! [`check`] runs them all and yields [`Checked`], the only thing that `lower` accepts.

mod address_mismatch;
mod approximated_traffic;
mod autoscale_without_request;
mod autoscaled_share;
mod blocked_eviction;
mod call_past_the_sidecar;
mod caller_never_calls;
mod caller_without_identity;
mod calls_past_the_mesh;
mod certificate_on_two_hosts;
mod closed_metrics;
mod closed_port;
mod dapr_component_out_of_reach;
mod dead_version;
mod dependency_cycle;
mod deprecated_annotation;
mod duplicate_container;
mod duplicate_port;
mod egress_by_port_alone;
mod ejection_empties_version;
mod entry_collision;
mod env_reference_cycle;
mod env_set_twice;
mod external_collision;
mod external_tls_mismatch;
mod files_too_large;
mod gateway_port_clash;
mod gateway_without_class;
mod header_not_propagated;
mod headless_traffic;
mod inexpressible_entry_rule;
mod invalid_regex;
mod latest_tag;
mod limit_below_request;
mod loopback_listener;
mod loose_regex;
mod malformed_autoscale;
mod malformed_job;
mod malformed_probe;
mod malformed_rollout;
mod malformed_schedule;
mod misplaced_matcher;
mod mount_collision;
mod name_too_long;
mod not_in_this_mode;
mod object_name_collision;
mod overloaded_version;
mod plain_text_secret;
mod protocol_conflict;
mod refused_caller;
mod replicas_with_autoscale;
mod reserved_annotation;
mod reserved_label;
mod reserved_port;
mod reserved_user;
mod retries_beyond_timeout;
mod retry_amplification;
mod rewrite_without_prefix;
mod rule_on_opaque_port;
mod senseless_quantity;
mod shadowed_rule;
mod share_without_replicas;
mod shared_target;
mod split_by_connection;
mod split_not_by_replicas;
mod start_order_cycle;
mod sticky_behind_the_entry;
mod swinging_share;
mod timeout_below_callee;
mod tls_without_certificate;
mod uncaptured_call;
mod undeclared_dependency;
mod unknown_annotation;
mod unknown_gateway_pods;
mod unknown_host;
mod unknown_variable;
mod unreachable_component;
mod unreachable_through_dapr;
mod unready_version;
mod unreliable_header;
mod unserved_host;
mod unused_app;
mod unused_certificate;
mod unused_dapr_component;
mod versions_need_deployment;
mod volume_on_one_node;
mod weights_not_100;

use crate::diag::{Diagnostic, Reported, Rule, Severity, Sink};
use crate::graph::Graph;
use crate::source::Place;
use crate::traffic::{Lack, lacks};

pub use env_reference_cycle::ordered as env_order;
pub use object_name_collision::OBJECT_NAME_COLLISION;

/// A rule and the function that looks for what breaks it.
type Check = (&'static Rule, fn(&mut Finder<'_>));

/// Every rule of this stage.
static CHECKS: &[Check] = &[
    (&address_mismatch::ADDRESS_MISMATCH, address_mismatch::check),
    (&approximated_traffic::APPROXIMATED_TRAFFIC, approximated_traffic::check),
    (&autoscale_without_request::AUTOSCALE_WITHOUT_REQUEST, autoscale_without_request::check),
    (&autoscaled_share::AUTOSCALED_SHARE, autoscaled_share::check),
    (&blocked_eviction::BLOCKED_EVICTION, blocked_eviction::check),
    (&call_past_the_sidecar::CALL_PAST_THE_SIDECAR, call_past_the_sidecar::check),
    (&caller_never_calls::CALLER_NEVER_CALLS, caller_never_calls::check),
    (&caller_without_identity::CALLER_WITHOUT_IDENTITY, caller_without_identity::check),
    (&calls_past_the_mesh::CALLS_PAST_THE_MESH, calls_past_the_mesh::check),
    (&certificate_on_two_hosts::CERTIFICATE_ON_TWO_HOSTS, certificate_on_two_hosts::check),
    (&closed_metrics::CLOSED_METRICS, closed_metrics::check),
    (&closed_port::CLOSED_PORT, closed_port::check),
    (&dapr_component_out_of_reach::DAPR_COMPONENT_OUT_OF_REACH, dapr_component_out_of_reach::check),
    (&dead_version::DEAD_VERSION, dead_version::check),
    (&dependency_cycle::DEPENDENCY_CYCLE, dependency_cycle::check),
    (&deprecated_annotation::DEPRECATED_ANNOTATION, deprecated_annotation::check),
    (&duplicate_container::DUPLICATE_CONTAINER, duplicate_container::check),
    (&duplicate_port::DUPLICATE_PORT, duplicate_port::check),
    (&egress_by_port_alone::EGRESS_BY_PORT_ALONE, egress_by_port_alone::check),
    (&ejection_empties_version::EJECTION_EMPTIES_VERSION, ejection_empties_version::check),
    (&entry_collision::ENTRY_COLLISION, entry_collision::check),
    (&env_reference_cycle::ENV_REFERENCE_CYCLE, env_reference_cycle::check),
    (&env_set_twice::ENV_SET_TWICE, env_set_twice::check),
    (&external_collision::EXTERNAL_COLLISION, external_collision::check),
    (&external_tls_mismatch::EXTERNAL_TLS_MISMATCH, external_tls_mismatch::check),
    (&files_too_large::FILES_TOO_LARGE, files_too_large::check),
    (&gateway_port_clash::GATEWAY_PORT_CLASH, gateway_port_clash::check),
    (&gateway_without_class::GATEWAY_WITHOUT_CLASS, gateway_without_class::check),
    (&header_not_propagated::HEADER_NOT_PROPAGATED, header_not_propagated::check),
    (&headless_traffic::HEADLESS_TRAFFIC, headless_traffic::check),
    (&inexpressible_entry_rule::INEXPRESSIBLE_ENTRY_RULE, inexpressible_entry_rule::check),
    (&invalid_regex::INVALID_REGEX, invalid_regex::check),
    (&latest_tag::LATEST_TAG, latest_tag::check),
    (&limit_below_request::LIMIT_BELOW_REQUEST, limit_below_request::check),
    (&loopback_listener::LOOPBACK_LISTENER, loopback_listener::check),
    (&loose_regex::LOOSE_REGEX, loose_regex::check),
    (&malformed_autoscale::MALFORMED_AUTOSCALE, malformed_autoscale::check),
    (&malformed_job::MALFORMED_JOB, malformed_job::check),
    (&malformed_probe::MALFORMED_PROBE, malformed_probe::check),
    (&malformed_rollout::MALFORMED_ROLLOUT, malformed_rollout::check),
    (&malformed_schedule::MALFORMED_SCHEDULE, malformed_schedule::check),
    (&misplaced_matcher::MISPLACED_MATCHER, misplaced_matcher::check),
    (&mount_collision::MOUNT_COLLISION, mount_collision::check),
    (&name_too_long::NAME_TOO_LONG, name_too_long::check),
    (&not_in_this_mode::NOT_IN_THIS_MODE, not_in_this_mode::check),
    (&object_name_collision::OBJECT_NAME_COLLISION, object_name_collision::check),
    (&overloaded_version::OVERLOADED_VERSION, overloaded_version::check),
    (&plain_text_secret::PLAIN_TEXT_SECRET, plain_text_secret::check),
    (&protocol_conflict::PROTOCOL_CONFLICT, protocol_conflict::check),
    (&refused_caller::REFUSED_CALLER, refused_caller::check),
    (&replicas_with_autoscale::REPLICAS_WITH_AUTOSCALE, replicas_with_autoscale::check),
    (&reserved_annotation::RESERVED_ANNOTATION, reserved_annotation::check),
    (&reserved_label::RESERVED_LABEL, reserved_label::check),
    (&reserved_port::RESERVED_PORT, reserved_port::check),
    (&reserved_user::RESERVED_USER, reserved_user::check),
    (&retries_beyond_timeout::RETRIES_BEYOND_TIMEOUT, retries_beyond_timeout::check),
    (&retry_amplification::RETRY_AMPLIFICATION, retry_amplification::check),
    (&rewrite_without_prefix::REWRITE_WITHOUT_PREFIX, rewrite_without_prefix::check),
    (&rule_on_opaque_port::RULE_ON_OPAQUE_PORT, rule_on_opaque_port::check),
    (&senseless_quantity::SENSELESS_QUANTITY, senseless_quantity::check),
    (&shadowed_rule::SHADOWED_RULE, shadowed_rule::check),
    (&share_without_replicas::SHARE_WITHOUT_REPLICAS, share_without_replicas::check),
    (&shared_target::SHARED_TARGET, shared_target::check),
    (&split_by_connection::SPLIT_BY_CONNECTION, split_by_connection::check),
    (&split_not_by_replicas::SPLIT_NOT_BY_REPLICAS, split_not_by_replicas::check),
    (&start_order_cycle::START_ORDER_CYCLE, start_order_cycle::check),
    (&sticky_behind_the_entry::STICKY_BEHIND_THE_ENTRY, sticky_behind_the_entry::check),
    (&swinging_share::SWINGING_SHARE, swinging_share::check),
    (&timeout_below_callee::TIMEOUT_BELOW_CALLEE, timeout_below_callee::check),
    (&tls_without_certificate::TLS_WITHOUT_CERTIFICATE, tls_without_certificate::check),
    (&uncaptured_call::UNCAPTURED_CALL, uncaptured_call::check),
    (&undeclared_dependency::UNDECLARED_DEPENDENCY, undeclared_dependency::check),
    (&unknown_annotation::UNKNOWN_ANNOTATION, unknown_annotation::check),
    (&unknown_gateway_pods::UNKNOWN_GATEWAY_PODS, unknown_gateway_pods::check),
    (&unknown_host::UNKNOWN_HOST, unknown_host::check),
    (&unknown_variable::UNKNOWN_VARIABLE, unknown_variable::check),
    (&unreachable_component::UNREACHABLE_COMPONENT, unreachable_component::check),
    (&unreachable_through_dapr::UNREACHABLE_THROUGH_DAPR, unreachable_through_dapr::check),
    (&unready_version::UNREADY_VERSION, unready_version::check),
    (&unreliable_header::UNRELIABLE_HEADER, unreliable_header::check),
    (&unserved_host::UNSERVED_HOST, unserved_host::check),
    (&unused_app::UNUSED_APP, unused_app::check),
    (&unused_certificate::UNUSED_CERTIFICATE, unused_certificate::check),
    (&unused_dapr_component::UNUSED_DAPR_COMPONENT, unused_dapr_component::check),
    (&versions_need_deployment::VERSIONS_NEED_DEPLOYMENT, versions_need_deployment::check),
    (&volume_on_one_node::VOLUME_ON_ONE_NODE, volume_on_one_node::check),
    (&weights_not_100::WEIGHTS_NOT_100, weights_not_100::check),
];

/// Every rule of this stage.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    CHECKS.iter().map(|(rule, _)| *rule)
}

/// What a rule works with: the graph to read, and the sink to report to.
pub struct Finder<'a> {
    /// The application.
    pub graph: &'a Graph,
    /// What the file asks for and the mode cannot do.
    lacks: &'a [Lack],
    sink: &'a mut Sink,
    /// Whether names could not be bound, so that parts of the graph are missing.
    partial: bool,
}

impl Finder<'_> {
    /// Takes a finding. Of a partial graph, only errors are sure: what looks unused or unreachable
    /// may be so because of a name that was misspelt elsewhere.
    fn report(&mut self, diagnostic: Diagnostic) {
        let (Place::Key(path) | Place::Value(path)) = diagnostic.place() else {
            self.sink.report(diagnostic);
            return;
        };
        // A check of its own says what there is to say about another app.
        if path.elsewhere() {
            return;
        }
        if !self.partial || diagnostic.severity() == Severity::Error {
            self.sink.report(diagnostic);
        }
    }
}

/// A graph in which no rule found an error.
#[derive(Debug)]
pub struct Checked(Graph);

impl Checked {
    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.0
    }
}

/// Runs every rule.
///
/// # Errors
/// If any rule or any stage before found an error. All of them are in the sink.
pub fn check(graph: Graph, sink: &mut Sink) -> Result<Checked, Reported> {
    let partial = sink.checkpoint().is_err();
    let lacks = lacks(&graph);
    let mut finder = Finder { graph: &graph, lacks: &lacks, sink, partial };
    CHECKS.iter().for_each(|(_, check)| check(&mut finder));
    sink.checkpoint()?;
    Ok(Checked(graph))
}
