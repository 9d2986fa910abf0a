//! Pods on loopback: each has an address of its own, where its program and its proxy listen at the
//! numbers that they have in a cluster.
//!
//! What is emitted is run as it is, but for addresses, and there is no other rewriting than this:
//! - the pod's own loopback, `127.0.0.1`, and all of its addresses, `0.0.0.0`, are its address here;
//! - a name in a cluster is the addresses of the pods that its Service selects, which name servers
//!   would answer, and so needs no name server;
//! - the folder that Kubernetes mounts is one of the test's, with the same `..data` in it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Objects, texts};

const FOLDER: &str = "/etc/weft/mesh";

/// The pods of an app by workload, each with an address.
pub(crate) struct Net {
    addresses: BTreeMap<String, (String, BTreeMap<String, String>, bool)>,
}

impl Net {
    pub(crate) fn new(all: &Objects) -> Self {
        static NETS: AtomicU8 = AtomicU8::new(0);
        // Other tests, and other runs of this one, have addresses of their own.
        let run = 16 + std::process::id() % 200;
        let net = NETS.fetch_add(1, Ordering::SeqCst);
        let labels = |workload: &Value| -> BTreeMap<String, String> {
            let labels = workload["spec"]["template"]["metadata"]["labels"].as_object();
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            labels.expect("labels").iter().map(|(key, value)| (key.clone(), text(value))).collect()
        };
        let pod = |(position, workload): (usize, &Value)| {
            let name = workload["metadata"]["name"].as_str().expect("a name").to_owned();
            let address = format!("127.{run}.{net}.{}", position + 1);
            (name, (address, labels(workload), workload["spec"]["replicas"] == 2))
        };
        Self { addresses: all.of("Deployment").enumerate().map(pod).collect() }
    }

    /// The address of a workload's pod.
    pub(crate) fn address(&self, workload: &str) -> String {
        self.addresses[workload].0.clone()
    }

    /// The address of its second pod.
    pub(crate) fn second(&self, workload: &str) -> String {
        let (host, last) = self.addresses[workload].0.rsplit_once('.').expect("an address");
        format!("{host}.{}", last.parse::<u8>().expect("a number") + 100)
    }

    /// Where the variables `STEM_HOST` and `STEM_PORT` of a workload lead.
    pub(crate) fn told(&self, all: &Objects, workload: &str, stem: &str) -> (String, u16) {
        let texts = texts(all.get("Deployment", workload));
        assert_eq!(texts[&format!("{stem}_HOST")], "127.0.0.1");
        let port = texts[&format!("{stem}_PORT")].parse().expect("a number");
        (self.address(workload), port)
    }

    /// The addresses that a Service selects, each with the number that it leads to.
    pub(crate) fn behind(&self, all: &Objects, service: &str, port: u16) -> Vec<(String, u16)> {
        let spec = &all.get("Service", service)["spec"];
        let ports = spec["ports"].as_array().expect("ports");
        let one = ports.iter().find(|one| one["port"] == port).expect("the port");
        // By number, or by the name that the port has in each pod, its sidecars among them.
        let target = |workload: &str| {
            let spec = &all.get("Deployment", workload)["spec"]["template"]["spec"];
            let of = |which: &'static str| spec[which].as_array().into_iter().flatten();
            let ports = of("containers").chain(of("initContainers"));
            let mut ports = ports.filter_map(|container| container["ports"].as_array()).flatten();
            let mut named = || ports.find(|port| port["name"] == one["targetPort"]);
            let number = one["targetPort"].as_u64();
            number.or_else(|| named()?["containerPort"].as_u64()).expect("a port") as u16
        };
        let found = self.selected(spec).into_iter();
        found.map(|(workload, address)| (address, target(&workload))).collect()
    }

    /// The workloads and addresses of the pods that a Service selects.
    fn selected(&self, spec: &Value) -> Vec<(String, String)> {
        let selector = spec["selector"].as_object().expect("a selector");
        let selects = |labels: &BTreeMap<String, String>| {
            selector
                .iter()
                .all(|(key, value)| labels.get(key).map(String::as_str) == value.as_str())
        };
        let mut out = Vec::new();
        for (name, (address, labels, second)) in &self.addresses {
            if selects(labels) {
                out.push((name.clone(), address.clone()));
                out.extend(second.then(|| (name.clone(), self.second(name))));
            }
        }
        out
    }

    /// The bootstrap of a workload, with addresses that are here.
    fn bootstrap(&self, all: &Objects, workload: &str, folder: &str) -> Value {
        let map = all.get("ConfigMap", &format!("{workload}-mesh"));
        let text = map["data"]["bootstrap.json"].as_str().expect("a bootstrap");
        let mut out: Value = serde_json::from_str(&text.replace(FOLDER, folder)).expect("JSON");
        let resources = &mut out["static_resources"];
        for listener in resources["listeners"].as_array_mut().expect("listeners") {
            let address = &mut listener["address"]["socket_address"]["address"];
            assert!(*address == "127.0.0.1" || *address == "0.0.0.0", "{address}");
            *address = json!(self.address(workload));
        }
        for cluster in resources["clusters"].as_array_mut().expect("clusters") {
            let endpoints = &mut cluster["load_assignment"]["endpoints"][0]["lb_endpoints"];
            let place = &endpoints[0]["endpoint"]["address"]["socket_address"];
            let name = place["address"].as_str().expect("a name");
            let (service, rest) = name.split_once('.').expect("a full name");
            assert!(rest.ends_with(".svc.cluster.local."), "{name}");
            let spec = &all.get("Service", service)["spec"];
            assert_eq!(spec["clusterIP"], "None", "{service}");
            let port = place["port_value"].clone();
            let found = self.selected(spec);
            let found = found.iter().map(|(_, address)| {
                json!({ "endpoint": { "address": { "socket_address":
                    { "address": address, "port_value": port } } } })
            });
            *endpoints = found.collect();
            let cluster = cluster.as_object_mut().expect("a cluster");
            cluster.remove("cluster_type");
            cluster.insert("type".into(), json!("STATIC"));
        }
        out
    }
}

/// A proxy that runs.
pub(crate) struct Envoy {
    child: Child,
    folder: TempDir,
    workload: String,
}

impl Envoy {
    /// Starts the proxy of a workload with the arguments that its container has.
    pub(crate) fn start(program: &str, net: &Net, all: &Objects, workload: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let place = folder.path().to_str().expect("a path").to_owned();
        let bootstrap = net.bootstrap(all, workload, &place).to_string();
        lay(&folder, all, workload, Some(bootstrap));
        let spec = &all.get("Deployment", workload)["spec"]["template"]["spec"];
        let container = &spec["initContainers"][0];
        assert_eq!(container["command"], json!(["/usr/local/bin/envoy"]));
        let args = container["args"].as_array().expect("arguments").iter();
        let args = args.map(|arg| arg.as_str().expect("a text").replace(FOLDER, &place));
        let log = std::fs::File::create(folder.path().join("log")).expect("a file");
        let child = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("Envoy starts");
        let mut envoy = Self { child, folder, workload: workload.into() };
        let probe = &container["readinessProbe"]["httpGet"];
        let port = probe["port"].as_u64().expect("a number") as u16;
        let path = probe["path"].as_str().expect("a path");
        let end = Instant::now() + Duration::from_secs(30);
        while Instant::now() < end {
            let answer = try_ask(&net.address(workload), port, &get(path, &[]));
            if answer.is_ok_and(|answer| answer.status == 200) {
                return envoy;
            }
            if let Ok(Some(status)) = envoy.child.try_wait() {
                panic!("Envoy of {workload} ended with {status}:\n{}", envoy.log());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("Envoy of {workload} is not ready:\n{}", envoy.log());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Lays other files under it, as kubelet does.
    pub(crate) fn swap(&self, all: &Objects) {
        lay(&self.folder, all, &self.workload, None);
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let ended = self.child.try_wait().ok().flatten().is_some();
        let _ = self.child.kill();
        let _ = self.child.wait();
        if ended || std::thread::panicking() {
            println!("log of {}:\n{}", self.workload, self.log());
        }
    }
}

/// Lays the files of a ConfigMap into a folder as kubelet does: into one of their own, to which
/// `..data` is then turned at once.
fn lay(folder: &TempDir, all: &Objects, workload: &str, bootstrap: Option<String>) {
    static VERSIONS: AtomicU8 = AtomicU8::new(0);
    let name = format!("..{}", VERSIONS.fetch_add(1, Ordering::SeqCst));
    let place = folder.path().join(&name);
    std::fs::create_dir(&place).expect("a folder");
    let data = all.get("ConfigMap", &format!("{workload}-mesh"))["data"].clone();
    for (key, text) in data.as_object().expect("data") {
        let text = text.as_str().expect("a text").to_owned();
        let text = bootstrap.clone().filter(|_| key == "bootstrap.json").unwrap_or(text);
        std::fs::write(place.join(key), text).expect("a file");
        let link = folder.path().join(key);
        if !link.is_symlink() {
            std::os::unix::fs::symlink(format!("..data/{key}"), link).expect("a link");
        }
    }
    let next = folder.path().join("..data_tmp");
    std::os::unix::fs::symlink(&name, &next).expect("a link");
    std::fs::rename(next, folder.path().join("..data")).expect("a swap");
}

/// What a program was asked.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    headers: Vec<(String, String)>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn new(status: u16, body: String) -> Self {
        Self { status, headers: Vec::new(), body }
    }
}

/// A program that listens, until it is dropped.
pub(crate) struct Program {
    ended: Arc<AtomicBool>,
    address: (String, u16),
}

impl Program {
    /// One that speaks HTTP.
    pub(crate) fn start(
        address: String,
        port: u16,
        answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let answer = Arc::new(answer);
        Self::listen(address, port, move |stream| {
            let answer = answer.clone();
            std::thread::spawn(move || {
                let _ = stream.set_nodelay(true);
                let mut reader = BufReader::new(stream);
                while let Some((first, headers)) = head(&mut reader) {
                    let length = length(&headers);
                    let mut body = vec![0; length];
                    if reader.read_exact(&mut body).is_err() {
                        return;
                    }
                    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
                    let Answer { status, body, .. } = answer(&Request { path, headers });
                    let text = format!(
                        "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    if reader.get_mut().write_all(text.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        })
    }

    /// One that says a word to whoever connects.
    pub(crate) fn greet(address: String, port: u16, word: &'static str) -> Self {
        Self::listen(address, port, move |mut stream| {
            let _ = stream.write_all(word.as_bytes());
        })
    }

    fn listen(
        address: String,
        port: u16,
        mut take: impl FnMut(TcpStream) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind((&*address, port)).expect("a free address");
        let ended = Arc::new(AtomicBool::new(false));
        let over = ended.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                take(stream);
            }
        });
        Self { ended, address: (address, port) }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect((&*self.address.0, self.address.1));
    }
}

/// The first line and the headers, in lower case.
fn head(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<(String, String)>)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let first = lines.first()?.clone();
    let headers = lines[1..].iter().filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
    Some((first, headers.collect()))
}

fn length(headers: &[(String, String)]) -> usize {
    let length = headers.iter().find(|(name, _)| name == "content-length");
    length.map_or(0, |(_, length)| length.parse().expect("a length"))
}

/// The text of a call. Its host is what a program would send that was told of the proxy.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let mut out = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:15100\r\n");
    for (name, value) in headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out + "content-length: 0\r\n\r\n"
}

pub(crate) fn get(path: &str, headers: &[(&str, &str)]) -> String {
    let text = request("GET", path, headers);
    text.replace("content-length: 0\r\n", "")
}

fn connect(host: &str, port: u16) -> std::io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect((host, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

fn exchange(reader: &mut BufReader<TcpStream>, request: &str) -> std::io::Result<Answer> {
    reader.get_mut().write_all(request.as_bytes())?;
    let broken = || std::io::Error::other("no answer");
    let (first, headers) = head(reader).ok_or_else(broken)?;
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
    let mut body = vec![0; length(&headers)];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8(body).expect("text");
    Ok(Answer { status: status.ok_or_else(broken)?, headers, body })
}

fn try_ask(host: &str, port: u16, request: &str) -> std::io::Result<Answer> {
    exchange(&mut connect(host, port)?, request)
}

/// One call on a connection of its own.
pub(crate) fn ask(host: &str, port: u16, request: &str) -> Answer {
    try_ask(host, port, request).unwrap_or_else(|error| panic!("{host}:{port}: {error}"))
}

/// Many calls, one after the other, on one connection.
pub(crate) fn many(host: &str, port: u16, request: &str, times: usize) -> Vec<Answer> {
    let mut reader = connect(host, port).expect("a connection");
    let one = |_| exchange(&mut reader, request).expect("an answer");
    (0..times).map(one).collect()
}

/// What is said to whoever connects.
pub(crate) fn greeting(host: &str, port: u16) -> String {
    let mut text = String::new();
    let mut reader = connect(host, port).expect("a connection");
    reader.read_to_string(&mut text).expect("a word");
    text
}
