//! Apps of any size and shape.

use std::fmt::Write as _;

/// How the components of an app call each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// What an app is like: up to three callees each, variables, resources, a probe; every tenth
    /// has two versions, a header rule and a split, every tenth is exposed.
    Tree,
    /// Each calls the next.
    Chain,
    /// The first calls all others.
    Star,
    /// Each calls up to five of those behind it.
    Random,
    /// Layers of five, each of whose components calls all five of the next layer.
    Layered,
    /// Each calls the next, and the last the first.
    Cycle,
}

impl Shape {
    pub(crate) const ALL: [Self; 6] =
        [Self::Tree, Self::Chain, Self::Star, Self::Random, Self::Layered, Self::Cycle];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Chain => "chain",
            Self::Star => "star",
            Self::Random => "random",
            Self::Layered => "layered",
            Self::Cycle => "cycle",
        }
    }

    /// Whom component `number` of so many calls.
    fn callees(self, number: usize, components: usize) -> Vec<usize> {
        let mut callees: Vec<usize> = match self {
            Self::Tree => vec![2 * number + 1, 2 * number + 2, number + 7],
            Self::Chain => vec![number + 1],
            Self::Star if number == 0 => (1..components).collect(),
            Self::Star => Vec::new(),
            // Far enough apart to look like chance, and the same every time.
            Self::Random => {
                let behind = (components - number - 1).max(1);
                (1..=5).map(|k| number + 1 + (number * 7919 + k * 104_729) % behind).collect()
            }
            Self::Layered => {
                let next = (number / 5 + 1) * 5;
                (next..next + 5).collect()
            }
            Self::Cycle => vec![(number + 1) % components],
        };
        callees.retain(|callee| *callee < components && *callee != number);
        callees.sort_unstable();
        callees.dedup();
        callees
    }
}

/// The app file.
pub(crate) fn app(shape: Shape, mode: &str, components: usize) -> String {
    let mut out = format!(
        "apiVersion: weft/v1\nname: bench\ngovernance: {mode}\n\
         gateway: {{ hosts: [bench.example.com], class: example }}\ncomponents:\n"
    );
    for number in 0..components {
        let callees = shape.callees(number, components);
        let names: Vec<String> = callees.iter().map(|callee| format!("c{callee:05}")).collect();
        let _ = write!(
            out,
            "  c{number:05}:\n    image: example.com/c{number:05}:1.2.3\n    \
             ports: {{ http: 8080 }}\n    dependsOn: [{}]\n    propagates: [x-tester]\n    \
             env: {{ LOG_LEVEL: info, REGION: eu-1, SELF: 'http://c{number:05}:8080' }}\n    \
             resources: {{ cpu: 100m, memory: 64Mi, limits: {{ memory: 128Mi }} }}\n    \
             probes: {{ readiness: {{ http: /healthz, period: 5s }} }}\n",
            names.join(", ")
        );
        // The first layer has five components that nobody calls.
        let first = number == 0 || (shape == Shape::Layered && number < 5);
        if first || (shape == Shape::Tree && number % 10 == 0) {
            let path = if number == 0 { "/".into() } else { format!("/c{number:05}") };
            let _ = writeln!(out, "    expose: {{ http: {{ prefix: [{path}] }} }}");
        }
        if shape == Shape::Tree && number % 10 == 5 {
            versions(mode, number, &mut out);
        }
    }
    out
}

fn versions(mode: &str, number: usize, out: &mut String) {
    let _ = write!(
        out,
        "    versions:\n      v1: {{ replicas: 9 }}\n      \
         v2: {{ image: 'example.com/c{number:05}:2.0.0' }}\n    traffic:\n      \
         split: {{ v1: 90, v2: 10 }}\n      rules:\n"
    );
    if mode == "kubernetes" {
        // It follows the split by replicas, and cannot follow the rule.
        out.push_str("        # weft: allow approximated-traffic — only testers lose something\n");
    }
    out.push_str("        - { match: { headers: { x-tester: 'yes' } }, to: v2, fallback: drop }\n");
}
