//! Shares and the replicas that can honour them.

use super::capability::{Feature, Grade, cell, split_at_gateway_only};
use crate::graph::{Component, ComponentId, Graph, Share, Version};
use crate::model::{Disruption, Fallback, GatewayKind};

/// What replicas make of a wanted split.
#[derive(Clone, Debug, PartialEq)]
pub struct Realised {
    /// Pods of each version.
    pub replicas: Vec<u32>,
    /// The share each version gets, in percent.
    pub shares: Vec<f64>,
    /// The greatest distance between a wanted and a real share, in percentage points.
    pub error: f64,
}

/// The shares that these replicas give, against the wanted ones.
pub fn realise(wanted: &[u8], replicas: &[u32]) -> Realised {
    let total: u64 = replicas.iter().map(|count| u64::from(*count)).sum();
    let share = |count: &u32| match total {
        0 => 0.0,
        total => f64::from(*count) * 100.0 / total as f64,
    };
    let shares: Vec<f64> = replicas.iter().map(share).collect();
    let error = shares
        .iter()
        .zip(wanted)
        .map(|(real, wanted)| (real - f64::from(*wanted)).abs())
        .fold(0.0, f64::max);
    Realised { replicas: replicas.to_vec(), shares, error }
}

/// The fewest replicas whose shares come within `tolerance` percentage points of the wanted ones,
/// each version with a share having at least one. With tolerance 0 the answer is exact and always
/// exists (100 pods at the most).
pub fn fewest(wanted: &[u8], tolerance: f64) -> Realised {
    let at_least = wanted.iter().filter(|share| **share > 0).count().max(1);
    for total in at_least..=100 {
        let candidate = realise(wanted, &apportion(wanted, total));
        if candidate.error <= tolerance + 1e-9 {
            return candidate;
        }
    }
    let replicas: Vec<u32> = wanted.iter().map(|share| u32::from(*share)).collect();
    realise(wanted, &replicas)
}

/// Largest remainders, with one seat reserved for each share that is not zero.
fn apportion(wanted: &[u8], total: usize) -> Vec<u32> {
    let exact = |share: u8| f64::from(share) * total as f64 / 100.0;
    let mut seats: Vec<u32> = wanted
        .iter()
        .map(|share| if *share == 0 { 0 } else { (exact(*share).floor() as u32).max(1) })
        .collect();
    loop {
        let given: u32 = seats.iter().sum();
        let gap = |position: &usize| exact(wanted[*position]) - f64::from(seats[*position]);
        let positions = || (0..wanted.len()).filter(|position| wanted[*position] > 0);
        match (given as usize).cmp(&total) {
            std::cmp::Ordering::Equal => return seats,
            std::cmp::Ordering::Less => {
                let Some(short) =
                    positions().max_by(|a, b| gap(a).total_cmp(&gap(b)).then(b.cmp(a)))
                else {
                    return seats;
                };
                seats[short] += 1;
            }
            std::cmp::Ordering::Greater => {
                let over = positions()
                    .filter(|position| seats[*position] > 1)
                    .min_by(|a, b| gap(a).total_cmp(&gap(b)).then(a.cmp(b)));
                let Some(over) = over else { return seats };
                seats[over] -= 1;
            }
        }
    }
}

/// The shares that the replicas of a component's versions give, in whole percent; of a version with
/// an autoscaler its fewest count.
pub fn by_replicas(component: &Component) -> Vec<Share> {
    let mut counts: Vec<u32> = component.versions.iter().map(Version::pods).collect();
    if counts.iter().all(|count| *count == 0) {
        // Nothing runs yet; a route has to lead somewhere all the same.
        counts.fill(1);
    }
    let total = f64::from(counts.iter().sum::<u32>());
    let exact = |count: u32| f64::from(count) * 100.0 / total;
    let mut shares: Vec<u8> = counts.iter().map(|count| exact(*count).floor() as u8).collect();
    let mut order: Vec<usize> = (0..counts.len()).filter(|at| counts[*at] > 0).collect();
    order.sort_by(|a, b| exact(counts[*b]).fract().total_cmp(&exact(counts[*a]).fract()));
    // Less than one point is missing for each version that has pods.
    let missing = 100 - shares.iter().map(|share| usize::from(*share)).sum::<usize>();
    order.iter().take(missing).for_each(|at| shares[*at] += 1);
    let share = |(version, percent)| Share { version, percent };
    shares.into_iter().enumerate().map(share).collect()
}

/// How many of a version's pods may be gone at once when nodes are emptied. Shares that are no whole
/// number of pods go up. Source: `getExpectedPodCount` of the disruption controller of Kubernetes.
pub fn spare(budget: &Disruption, pods: u32) -> u32 {
    match (budget.min_available, budget.max_unavailable) {
        (Some(least), _) => pods.saturating_sub(least.rounded_up(pods)),
        (None, Some(most)) => most.rounded_up(pods).min(pods),
        (None, None) => pods,
    }
}

/// What plain Services make of a component's split.
#[derive(Clone, Debug)]
pub struct Native {
    /// Wanted shares, for each version of the component.
    pub wanted: Vec<u8>,
    /// What the pods give.
    pub real: Realised,
}

/// In the kubernetes mode, the pods and shares of a component with a split; `None` where replicas
/// do not decide (another mode, no split, or calls only through a gateway that splits by itself).
pub fn native(graph: &Graph, id: ComponentId) -> Option<Native> {
    let component = graph.component(id);
    if cell(graph.governance, Feature::Split).grade != Grade::Approximate
        || split_at_gateway_only(graph, id)
    {
        return None;
    }
    let split = component.traffic.split.as_ref()?;
    let mut wanted = vec![0; component.versions.len()];
    split.iter().for_each(|share| wanted[share.version] = share.percent);
    let approximate = component.traffic.split_fallback == Some(Fallback::Approximate);
    let fixed = component.versions.iter().zip(&wanted).find(|(version, share)| {
        **share > 0 && version.written_pods().is_some_and(|count| count > 0)
    });
    let proposed = match (approximate, fixed) {
        (false, _) => vec![1; wanted.len()],
        (true, None) => fewest(&wanted, 5.0).replicas,
        // Pods that are written set the scale for those that are not.
        (true, Some((version, share))) => {
            let total = f64::from(version.pods()) * 100.0 / f64::from(*share);
            let scaled = |share: &u8| (f64::from(*share) * total / 100.0).round().max(1.0) as u32;
            wanted.iter().map(scaled).collect()
        }
    };
    // A version that a rule names still needs a pod where a gateway follows the rules.
    let routed = |version: usize| {
        !component.entries.is_empty()
            && graph.gateway_kind() == GatewayKind::GatewayApi
            && named_versions(component).any(|named| named == version)
    };
    let replicas: Vec<u32> = component
        .versions
        .iter()
        .enumerate()
        .map(|(position, version)| match version.written_pods() {
            Some(count) => count,
            None if approximate && wanted[position] == 0 => u32::from(routed(position)),
            None => proposed[position],
        })
        .collect();
    let real = realise(&wanted, &replicas);
    Some(Native { wanted, real })
}

/// Versions that rules and mirrors send calls to.
fn named_versions(component: &Component) -> impl Iterator<Item = usize> {
    let traffic = &component.traffic;
    let shares = traffic.rules.iter().flat_map(|rule| rule.to.iter().flatten());
    let targets = shares.filter(|share| share.percent > 0).map(|share| share.version);
    let mirrors = traffic.rules.iter().filter_map(|rule| rule.mirror).chain(traffic.mirror);
    targets.chain(mirrors.map(|(version, _)| version))
}
