//! The capability matrix: what each mode can do with what the file can ask for. Messages, the
//! documentation and `weft modes` read it here.

use super::mode::{dapr, envoy, istio, istio_ambient, kubernetes, linkerd};
use crate::graph::Graph;
use crate::model::{Capability, FeatureRow, Governance};

/// Something that a file can ask of a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// Requests shared out among versions.
    Split,
    /// Connections shared out among versions.
    StreamSplit,
    /// Calls told apart by headers, cookies, path, method or query parameters.
    Rules,
    /// A header or a cookie that is absent, or is not of some form.
    HeaderAbsence,
    /// Conditions on several cookies.
    SeveralCookies,
    /// A path that begins with a text, wherever its segments end.
    PathText,
    /// A path that is not of some form.
    PathNegation,
    /// A query parameter that is absent, or is not of some form.
    QueryAbsence,
    /// Calls told apart by the component that makes them.
    Caller,
    /// Users kept on the version that a split chose for them.
    Sticky,
    /// Failed calls tried again.
    Retries,
    /// Calls ended that take too long.
    Timeout,
    /// Connections, requests and retries limited.
    Limits,
    /// Failing pods taken out for a while.
    Ejection,
    /// Failures injected.
    Fault,
    /// Calls copied to another version.
    Mirror,
    /// Paths and hosts rewritten.
    Rewrite,
    /// Calls between components encrypted, with identities.
    Mtls,
    /// Components closed to all but their declared callers.
    Access,
    /// Components that can call what they declare and nothing else.
    Egress,
    /// TLS put around calls to the outside.
    OutsideTls,
    /// SCTP.
    Sctp,
    /// Calls through sidecars that programs call by themselves.
    Invocation,
    /// State, messages, secrets and the like, offered by sidecars.
    BuildingBlocks,
}

/// How well a mode does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// As the file says.
    Exact,
    /// Close to it.
    Approximate,
    /// Not at all.
    Impossible,
}

impl Grade {
    /// Its name in reports for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Approximate => "approximate",
            Self::Impossible => "impossible",
        }
    }

    /// Its sign in tables.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Exact => "✓",
            Self::Approximate => "≈",
            Self::Impossible => "✗",
        }
    }
}

/// One cell of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// How well.
    pub grade: Grade,
    /// Why not better; empty where it is exact.
    pub why: &'static str,
}

/// A cell of what is done exactly.
pub(super) const EXACT: Cell = Cell { grade: Grade::Exact, why: "" };

/// A cell of what cannot be done.
pub(super) const fn impossible(why: &'static str) -> Cell {
    Cell { grade: Grade::Impossible, why }
}

/// A cell of what can be done roughly.
pub(super) const fn approximate(why: &'static str) -> Cell {
    Cell { grade: Grade::Approximate, why }
}

impl Feature {
    /// Every feature.
    pub const ALL: [Self; 24] = [
        Self::Split,
        Self::StreamSplit,
        Self::Rules,
        Self::HeaderAbsence,
        Self::SeveralCookies,
        Self::PathText,
        Self::PathNegation,
        Self::QueryAbsence,
        Self::Caller,
        Self::Sticky,
        Self::Retries,
        Self::Timeout,
        Self::Limits,
        Self::Ejection,
        Self::Fault,
        Self::Mirror,
        Self::Rewrite,
        Self::Mtls,
        Self::Access,
        Self::Egress,
        Self::OutsideTls,
        Self::Sctp,
        Self::Invocation,
        Self::BuildingBlocks,
    ];

    /// Its name, in kebab case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::StreamSplit => "stream-split",
            Self::Rules => "rules",
            Self::HeaderAbsence => "header-absence",
            Self::SeveralCookies => "several-cookies",
            Self::PathText => "path-text",
            Self::PathNegation => "path-negation",
            Self::QueryAbsence => "query-absence",
            Self::Caller => "caller",
            Self::Sticky => "sticky",
            Self::Retries => "retries",
            Self::Timeout => "timeout",
            Self::Limits => "limits",
            Self::Ejection => "ejection",
            Self::Fault => "fault",
            Self::Mirror => "mirror",
            Self::Rewrite => "rewrite",
            Self::Mtls => "mtls",
            Self::Access => "access",
            Self::Egress => "egress",
            Self::OutsideTls => "outside-tls",
            Self::Sctp => "sctp",
            Self::Invocation => "invocation",
            Self::BuildingBlocks => "building-blocks",
        }
    }

    /// Whether it is a way to tell calls apart, without which a rule does nothing.
    pub const fn tells_apart(self) -> bool {
        matches!(
            self,
            Self::Rules
                | Self::HeaderAbsence
                | Self::SeveralCookies
                | Self::PathText
                | Self::PathNegation
                | Self::QueryAbsence
                | Self::Caller
        )
    }

    /// Whether it is what programs ask of Dapr by its own protocol.
    pub const fn is_dapr(self) -> bool {
        matches!(self, Self::Invocation | Self::BuildingBlocks)
    }

    /// What a mode does that has it, as a verb phrase.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Split => "share requests out among versions",
            Self::StreamSplit => "share connections out among versions",
            Self::Rules => "tell calls apart",
            Self::HeaderAbsence => "match a header that is absent, or by what it is not",
            Self::SeveralCookies => "match on more than one cookie",
            Self::PathText => "match a path by text, wherever its segments end",
            Self::PathNegation => "match a path by what it is not",
            Self::QueryAbsence => "match a query parameter that is absent, or by what it is not",
            Self::Caller => "tell calls apart by who makes them",
            Self::Sticky => "keep a user on one version",
            Self::Retries => "try a failed call again",
            Self::Timeout => "end a call that takes too long",
            Self::Limits => "hold calls back",
            Self::Ejection => "take failing pods out",
            Self::Fault => "inject faults",
            Self::Mirror => "copy calls to another version",
            Self::Rewrite => "rewrite calls",
            Self::Mtls => "secure calls between components",
            Self::Access => "close components to all but their callers",
            Self::Egress => "keep components from calling what they do not declare",
            Self::OutsideTls => "put TLS around calls to the outside",
            Self::Sctp => "carry sctp",
            Self::Invocation => "take calls to a sidecar of Dapr",
            Self::BuildingBlocks => "offer what Dapr's sidecars do",
        }
    }

    /// What becomes of calls where it is left out, in numbers.
    pub const fn loss(self) -> &'static str {
        match self {
            Self::Split | Self::StreamSplit => "these calls go to any version, by its pods",
            Self::Rules
            | Self::HeaderAbsence
            | Self::SeveralCookies
            | Self::PathText
            | Self::PathNegation
            | Self::QueryAbsence
            | Self::Caller => "0 of 100 calls match this rule",
            Self::Sticky => "users change versions from call to call",
            Self::Retries => "0 of 100 failed calls are tried again",
            Self::Timeout => "0 of 100 calls are ended",
            Self::Limits => "0 of 100 calls are held back",
            Self::Ejection => "0 of 100 failing pods are taken out; their probes alone decide",
            Self::Fault => "0 of 100 calls are disturbed",
            Self::Mirror => "0 of 100 calls are copied",
            Self::Rewrite => "0 of 100 calls are rewritten",
            Self::Mtls => "0 of 100 calls are encrypted by this",
            Self::Access => "0 of 100 strangers are turned away",
            Self::Egress => "0 of 100 undeclared calls are stopped",
            Self::OutsideTls => "0 of 100 calls are encrypted",
            Self::Sctp => "these calls pass by the mesh",
            Self::Invocation => "0 of 100 of these calls arrive",
            Self::BuildingBlocks => "0 of 100 uses of these succeed",
        }
    }
}

/// What a mode can do of a feature.
pub fn cell(mode: Governance, feature: Feature) -> Cell {
    if mode != Governance::Dapr && feature.is_dapr() {
        return impossible("there is no sidecar of Dapr");
    }
    match mode {
        Governance::Kubernetes => kubernetes::cell(feature),
        Governance::Istio => istio::cell(feature),
        Governance::IstioAmbient => istio_ambient::cell(feature),
        Governance::Dapr => dapr::cell(feature),
        Governance::Envoy => envoy::cell(feature),
        Governance::Linkerd => linkerd::cell(feature),
        Governance::Custom(own) => match own.capability(feature.name()) {
            Some(Capability::Exact) => EXACT,
            Some(Capability::Approximate(why)) => approximate(why),
            Some(Capability::Impossible(why)) => impossible(why),
            None => impossible(own.unlisted()),
        },
    }
}

/// The features as the manifest of a mode names them.
pub fn features() -> [FeatureRow; Feature::ALL.len()] {
    Feature::ALL.map(|feature| FeatureRow {
        name: feature.name(),
        does: feature.title(),
        by_pods: matches!(feature, Feature::Split | Feature::StreamSplit),
    })
}

/// Whether a mode does something as the file says.
pub fn can(mode: Governance, feature: Feature) -> bool {
    cell(mode, feature).grade == Grade::Exact
}

/// The modes that do something exactly, of those that an application can have.
pub fn able(graph: &Graph, feature: Feature) -> impl Iterator<Item = Governance> {
    graph.modes().filter(move |mode| can(*mode, feature))
}
