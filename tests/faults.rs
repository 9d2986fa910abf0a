//! Faults that others know: their codes, the files that they are tested with, and faults of real
//! applications. `docs/checks.md` says what becomes of each, and `cases/fault/**` shows it.
//!
//! A case begins with `# mirrors FILE` and `# reports: CODES`, which are all that weft has to say.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{Weft, built, container, folders, repository};

/// The codes of `istioctl analyze`.
const ISTIO: [u16; 68] = [
    1, 2, 101, 102, 103, 106, 107, 108, 109, 110, 111, 112, 116, 118, 123, 125, 126, 127, 128, 129,
    130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143, 144, 145, 146, 147, 148,
    149, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 161, 162, 163, 164, 165, 166, 167,
    168, 169, 170, 171, 172, 173, 174, 175, 176, 177,
];

/// The codes of Kiali's validations.
const KIALI: [u16; 72] = [
    2, 3, 4, 5, 101, 102, 104, 105, 106, 107, 108, 109, 110, 201, 202, 203, 204, 205, 206, 207,
    208, 209, 210, 211, 212, 301, 302, 401, 501, 505, 506, 601, 602, 701, 1004, 1006, 1007, 1101,
    1102, 1104, 1105, 1106, 1107, 1108, 1109, 1110, 1111, 1112, 1113, 1114, 1115, 1116, 1117, 1211,
    1212, 1301, 1311, 1312, 1313, 1314, 1315, 1316, 1317, 1401, 1402, 1501, 1502, 1503, 1504, 1601,
    1701, 1702,
];

/// The files and faults of the corpus.
const KNOWN: [&str; 23] = [
    "istio-analyzers-open/conflicting-gateways.yaml",
    "istio-analyzers-open/deployment-con-sec-uid.yaml",
    "istio-analyzers-open/destinationrule-subsets-not-select-pods.yaml",
    "istio-analyzers-open/gateway-correct-port.yaml",
    "istio-analyzers-open/gateway-no-port.yaml",
    "istio-analyzers-open/gateway-secrets.yaml",
    "istio-analyzers-open/service-no-port-name.yaml",
    "istio-analyzers-open/service-port-name.yaml",
    "istio-analyzers-open/serviceentry-missing-addresses-protocol.yaml",
    "istio-analyzers-open/virtualservice_conflictingmeshgatewayhosts.yaml",
    "istio-analyzers-open/virtualservice_destinationhosts.yaml",
    "istio-analyzers-open/virtualservice_destinationrules.yaml",
    "istio-analyzers-open/virtualservice_dupmatches.yaml",
    "istio-analyzers-open/virtualservice_gateways.yaml",
    "kiali-open/virtualservices--subset-presence-matching-subsets-1.yaml",
    "kiali-open/virtualservices--subset-presence-no-matching-subsets-1.yaml",
    "kiali-open/virtualservices--subset-presence-not-referenced.yaml",
    "real-faults-open/faults.json F22",
    "real-faults-open/faults.json F26",
    "real-faults-open/faults.json F27",
    "real-faults-open/faults.json F29",
    "real-faults-open/faults.json F33",
    "real-faults-open/faults.json F34",
];

/// One app file: the known fault that it has, the codes it is to yield, and its text.
struct Case {
    name: String,
    mirrors: String,
    reports: BTreeSet<String>,
    text: String,
}

fn cases() -> Vec<Case> {
    let read = |folder: std::path::PathBuf| {
        let text = std::fs::read_to_string(folder.join("weft.yaml")).expect("an app file");
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let mut lines = text.lines();
        let mirrors = lines.next().and_then(|line| line.strip_prefix("# mirrors "));
        let mirrors = mirrors.unwrap_or_else(|| panic!("{name} mirrors nothing")).to_owned();
        let reports = lines.next().and_then(|line| line.strip_prefix("# reports: "));
        let reports = reports.unwrap_or_else(|| panic!("{name} says nothing of reports"));
        let reports = reports.split(", ").filter(|code| *code != "nothing");
        let reports = reports.map(str::to_owned).collect();
        Case { name, mirrors, reports, text }
    };
    folders(&repository("tests/cases/fault")).into_iter().map(read).collect()
}

#[test]
fn every_known_fault_is_reported_and_nothing_else_is() {
    let mut bad = Vec::new();
    for case in cases() {
        let ended = Weft::new("check").file("weft.yaml", &case.text).run();
        let codes: BTreeSet<String> = ended.codes().into_iter().collect();
        if codes != case.reports {
            bad.push(format!("{}: {codes:?}\n{}", case.name, ended.stdout));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn every_known_fault_has_a_case() {
    let cases = cases();
    let mirrored: BTreeSet<&str> = KNOWN
        .into_iter()
        .filter(|known| cases.iter().any(|case| case.mirrors.starts_with(known)))
        .collect();
    assert_eq!(mirrored, KNOWN.into_iter().collect());
    let strangers: Vec<&str> = cases
        .iter()
        .filter(|case| !KNOWN.iter().any(|known| case.mirrors.starts_with(known)))
        .map(|case| case.name.as_str())
        .collect();
    assert_eq!(strangers, Vec::<&str>::new());
}

/// The rows of the tables in `docs/checks.md`: first cell → last cell.
fn rows() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(repository("docs/checks.md")).expect("the table");
    let cells = |line: &str| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let [code, _, ours] = cells.as_slice() else { panic!("three cells: {line}") };
        Some((code.to_string(), ours.to_string()))
    };
    let mut rows = BTreeMap::new();
    for (code, ours) in text.lines().filter_map(cells) {
        if !["Code", "File or fault"].contains(&code.as_str()) {
            assert!(rows.insert(code.clone(), ours).is_none(), "{code} is there twice");
        }
    }
    rows
}

/// The texts in `code style`.
fn marked(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn the_table_has_every_code_of_istio_and_kiali_and_no_other() {
    let of = |tool: &str| -> BTreeSet<u16> {
        let rows = rows();
        let codes = rows.keys().filter_map(|code| code.strip_prefix(tool)?.parse().ok());
        codes.collect()
    };
    assert_eq!(of("IST"), ISTIO.into_iter().collect());
    assert_eq!(of("KIA"), KIALI.into_iter().collect());
}

#[test]
fn every_row_names_codes_of_ours_or_says_why_there_are_none() {
    let codes: BTreeSet<&str> = weft::rules().iter().map(|rule| rule.code).collect();
    // Names of fields, as opposed to codes.
    let fields = ["appProtocol", "exportTo", "policy: declared", "targetRefs", "version"];
    let mut bad = Vec::new();
    for (row, ours) in rows() {
        let named: Vec<&str> = marked(&ours).filter(|name| !fields.contains(name)).collect();
        let unknown: Vec<&&str> = named
            .iter()
            .filter(|name| !codes.contains(**name) && **name != "istioctl analyze")
            .collect();
        let reason = ["cannot occur", "needs a cluster", "nothing is reported", "not looked for"];
        let told = !named.is_empty() || reason.iter().any(|reason| ours.contains(reason));
        if !unknown.is_empty() || !told {
            bad.push(format!("{row}: {ours}"));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn the_cases_of_a_file_report_what_its_row_says() {
    let rows = rows();
    let mut bad = Vec::new();
    for case in cases() {
        let known = KNOWN.iter().find(|known| case.mirrors.starts_with(**known));
        let name = known.and_then(|known| known.rsplit(['/', ' ']).next()).expect("a name");
        let row = rows.get(name).or_else(|| rows.get(&format!("`{name}`")));
        let row = row.unwrap_or_else(|| panic!("no row for {name}"));
        let said: BTreeSet<&str> = marked(row).collect();
        // What comes along with a fault is not in the table.
        let first = case.reports.iter().all(|code| !said.contains(code.as_str()));
        if !case.reports.is_empty() && first {
            bad.push(format!("{}: {:?}, {row}", case.name, case.reports));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn a_port_without_a_protocol_is_tcp_and_says_so() {
    let case = cases().into_iter().find(|case| case.name == "port-of-no-protocol").expect("it");
    let (_, app) = case.text.split_once("name: example\n").expect("the header");
    let built = built("", app);
    let service = built.get("Service", "my-service1");
    let ports: Vec<(&str, &str)> = service["spec"]["ports"]
        .as_array()
        .expect("ports")
        .iter()
        .map(|port| {
            let text = |field: &str| port[field].as_str().unwrap_or_default();
            (text("name"), text("appProtocol"))
        })
        .collect();
    assert_eq!(ports, [("tcp-one", "tcp"), ("tcp-two", "tcp")]);
}

#[test]
fn an_outside_tcp_host_is_in_no_service_entry_that_would_need_an_address() {
    let case = cases().into_iter().find(|case| case.name == "outside-tcp-host").expect("it");
    let (_, app) = case.text.split_once("name: example\n").expect("the header");
    let built = built("", app);
    assert_eq!(built.of("ServiceEntry").count(), 0);
    assert_eq!(built.get("Service", "database")["spec"]["externalName"], "db.example.com");
}

#[test]
fn a_report_never_shows_the_value_of_a_secret_that_was_set() {
    let app = "params:\n  key: { type: secret }\ncomponents:\n  web:\n    \
               image: example.com/web:1\n    env: { API_KEY: '${params.key}' }\n";
    let ended = Weft::on("check --set params.key=hunter2 --format json", app).run();
    assert!(ended.stdout.contains("plain-text-secret"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("hunter2"), "{}", ended.stdout);
    let ended = Weft::on("build --set params.key=hunter2", app).run();
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    let built = crate::support::objects(&ended.stdout);
    let deployment = built.get("Deployment", "web-v1");
    assert_eq!(container(deployment)["env"][0]["value"], "hunter2");
}
