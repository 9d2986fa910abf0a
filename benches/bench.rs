//! What a build costs: the whole process, each stage of it, and how that compares with merely
//! reading and writing the same bytes.
//!
//! `cargo bench` prints two tables. Nothing is compared with a limit here: a machine that others
//! use too cannot fail a build. `cargo bench --bench bench -- --app SHAPE MODE COMPONENTS` prints
//! one of the apps.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark reads the clock, starts processes and prints what it finds"
)]

#[path = "apps.rs"]
mod apps;

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use weft::diag::Sink;
use weft::files::LoadError;
use weft::lower::lower;
use weft::parse::Layers;
use weft::render::render;
use weft::source::Sources;
use weft::{check, graph, parse, traffic};

use apps::{Shape, app};

/// Components of an app, and how often each measurement of it is repeated.
const SIZES: [(usize, usize); 4] = [(6, 21), (100, 11), (1_000, 7), (10_000, 3)];
const MODES: [&str; 2] = ["istio", "kubernetes"];
/// The same for the other shapes: twelve layers of five are 60.
const SHAPED: [(usize, usize); 3] = [(60, 11), (1_000, 5), (10_000, 3)];
const WEFT: &str = env!("CARGO_BIN_EXE_weft");

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        // Cargo adds a word of its own.
        ["--app", shape, mode, components, ..] => {
            let shape = Shape::ALL.into_iter().find(|known| known.name() == *shape);
            let components = components.parse().expect("a number of components");
            print!("{}", app(shape.expect("a shape"), mode, components));
        }
        ["--floor", input, output, copy] => floor(input, output, copy),
        // `cargo test --all-targets` starts benchmarks without this word.
        words if words.contains(&"--bench") => measure(),
        _ => println!("run `cargo bench`"),
    }
}

/// The least that any process with this input and this output has to do.
fn floor(input: &str, output: &str, copy: &str) {
    std::hint::black_box(std::fs::read(input).expect("the input"));
    let bytes = std::fs::read(output).expect("the output");
    std::fs::write(copy, bytes).expect("the copy");
}

/// One app in one mode, measured.
struct Measured {
    shape: Shape,
    mode: &'static str,
    components: usize,
    objects: usize,
    input: u64,
    output: u64,
    build: Duration,
    check: Duration,
    floor: Duration,
    /// Processor time and peak memory of one build, where `/usr/bin/time` tells them.
    usage: Option<(f64, u64)>,
    stages: [Duration; 6],
}

fn measure() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut all = Vec::new();
    for mode in MODES {
        for (components, times) in SIZES {
            all.push(one(folder.path(), Shape::Tree, mode, components, times));
        }
    }
    for shape in Shape::ALL.into_iter().filter(|shape| *shape != Shape::Tree) {
        for (components, times) in SHAPED {
            all.push(one(folder.path(), shape, MODES[0], components, times));
        }
    }
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("app-models/bookinfo/weft.yaml");
    let sink = folder.path().join("bookinfo.out");
    let bookinfo = median(21, || run(Command::new(WEFT).arg("build").arg(&model), &sink));
    print!("{}", report(&all));
    println!("\napp-models/bookinfo, whole process: {}", millis(bookinfo));
}

fn one(
    folder: &Path,
    shape: Shape,
    mode: &'static str,
    components: usize,
    times: usize,
) -> Measured {
    let text = app(shape, mode, components);
    let at = |name: &str| -> PathBuf {
        folder.join(format!("{}-{mode}-{components}.{name}", shape.name()))
    };
    let (input, output, copy) = (at("yaml"), at("out"), at("copy"));
    std::fs::write(&input, &text).expect("the app file");
    let build = median(times, || run(Command::new(WEFT).arg("build").arg(&input), &output));
    let check = median(times, || run(Command::new(WEFT).arg("check").arg(&input), &copy));
    let me = std::env::current_exe().expect("a name of our own");
    let floor = median(times.max(11), || {
        run(Command::new(&me).arg("--floor").args([&input, &output, &copy]), &at("none"))
    });
    let usage = usage(&input);
    let (objects, stages) = stages(&text, times);
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
    Measured {
        shape,
        mode,
        components,
        objects,
        input: size(&input),
        output: size(&output),
        build,
        check,
        floor,
        usage,
        stages,
    }
}

/// Time from the start of a process to its end, its output going to a file.
fn run(command: &mut Command, stdout: &Path) -> Duration {
    let file = File::create(stdout).expect("a file for the output");
    let started = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(file).status().expect("it starts");
    let taken = started.elapsed();
    assert!(status.success(), "{command:?} failed");
    taken
}

/// Processor seconds and KiB of a build, by GNU time.
fn usage(input: &Path) -> Option<(f64, u64)> {
    let output = Command::new("/usr/bin/time")
        .args(["-f", "%U %S %M", WEFT, "build"])
        .arg(input)
        .stdout(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stderr).ok()?;
    let last = text.lines().last()?;
    let mut words = last.split_whitespace();
    let user: f64 = words.next()?.parse().ok()?;
    let system: f64 = words.next()?.parse().ok()?;
    Some((user + system, words.next()?.parse().ok()?))
}

/// Each stage alone, in this process: parse, graph, check, lower, render, emit.
fn stages(text: &str, times: usize) -> (usize, [Duration; 6]) {
    let mut taken: [Vec<Duration>; 6] = Default::default();
    let mut objects = 0;
    for _ in 0..times {
        let mut sources = Sources::default();
        let mut sink = Sink::default();
        let file = sources.add("weft.yaml", text);
        let load = |_: &str| Err(LoadError::Outside);
        let mut clock = Instant::now();
        let mut lap = |stage: usize| {
            taken[stage].push(clock.elapsed());
            clock = Instant::now();
        };
        let read = parse::read(&sources, file);
        let app =
            parse::system(&mut sources, &read, &Layers::default(), &load, &parse::alone, &mut sink)
                .expect("a sound app");
        let features = traffic::features();
        let layers = Layers::default();
        let parse::Modes { governance, found, templates } =
            parse::modes(&mut sources, &app.apps[0], &layers, &features, &load, &mut sink)
                .expect("a mode of weft");
        let governed = graph::Governed { governance, found, templates };
        lap(0);
        let graph = graph::build(app.apps, app.uses, governed, &load, &mut sink);
        lap(1);
        let checked = check::check(graph, &mut sink).expect("a sound app");
        lap(2);
        let views = lower(&checked);
        lap(3);
        let set = render(views).expect("sound templates");
        lap(4);
        std::hint::black_box(set.yaml());
        lap(5);
        objects = set.objects().len();
    }
    (objects, taken.map(middle))
}

fn median(times: usize, mut measure: impl FnMut() -> Duration) -> Duration {
    middle((0..times).map(|_| measure()).collect())
}

fn middle(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}

fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1_000.0;
    if millis < 10.0 { format!("{millis:.1} ms") } else { format!("{millis:.0} ms") }
}

fn kib(bytes: u64) -> String {
    if bytes < 10 << 20 { format!("{} KiB", bytes >> 10) } else { format!("{} MiB", bytes >> 20) }
}

fn report(all: &[Measured]) -> String {
    let mut whole = vec![
        "shape|mode|components|objects|read|written|floor|build|× floor|check|check/build|CPU|peak memory"
            .to_owned(),
    ];
    let mut stages =
        vec!["shape|mode|components|parse|graph|check|lower|render|emit|sum|µs each".to_owned()];
    for measured in all {
        let ratio = |over: Duration, under: Duration| over.as_secs_f64() / under.as_secs_f64();
        let (cpu, memory) = measured.usage.map_or(("?".into(), "?".into()), |(cpu, memory)| {
            (format!("{cpu:.2} s"), format!("{} MiB", memory >> 10))
        });
        let head = format!("{}|{}|{}", measured.shape.name(), measured.mode, measured.components);
        whole.push(format!(
            "{head}|{}|{}|{}|{}|{}|{:.1}|{}|{:.2}|{cpu}|{memory}",
            measured.objects,
            kib(measured.input),
            kib(measured.output),
            millis(measured.floor),
            millis(measured.build),
            ratio(measured.build, measured.floor),
            millis(measured.check),
            ratio(measured.check, measured.build),
        ));
        let sum: Duration = measured.stages.iter().sum();
        let shares: Vec<String> = measured
            .stages
            .iter()
            .map(|stage| format!("{} ({:.0} %)", millis(*stage), 100.0 * ratio(*stage, sum)))
            .collect();
        let each = sum.as_secs_f64() * 1e6 / measured.components as f64;
        stages.push(format!("{head}|{}|{}|{each:.0}", shares.join("|"), millis(sum)));
    }
    let mut out = String::from("Whole process, median of several\n\n");
    out.push_str(&table(&whole));
    out.push_str("\nStages in one process, median of several\n\n");
    out.push_str(&table(&stages));
    out
}

/// Lines of cells, separated by `|`, as a Markdown table with straight columns.
fn table(lines: &[String]) -> String {
    let rows: Vec<Vec<&str>> = lines.iter().map(|line| line.split('|').collect()).collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..rows[0].len()).map(|column| width(column).unwrap_or(0)).collect();
    let mut out = String::new();
    for (number, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(out, "| {cell:width$} ");
        }
        out.push_str("|\n");
        if number == 0 {
            for width in &widths {
                let _ = write!(out, "|{}", "-".repeat(width + 2));
            }
            out.push_str("|\n");
        }
    }
    out
}
