//! Completion, typed into a real shell.

use std::path::Path;
use std::process::Command;

use crate::support::Weft;

const APP: &str = "params: { tag: { type: string, default: '1' } }
components:
  storefront:
    image: example.com/web:${params.tag}
    ports: { http: 8080 }
    expose: { http: { via: load-balancer } }
environments:
  staging: { components: { storefront: { replicas: 2 } } }
";

/// Types into an interactive shell on a terminal of its own, each line when the one before is done.
const TYPIST: &str = r#"
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(PS1="@@ ", TERM="dumb")
    os.execvp(sys.argv[1], sys.argv[1].split() + ["--norc", "--noprofile", "-i"])
def until(mark):
    seen = b""
    while not seen.endswith(mark):
        try: piece = os.read(fd, 1)
        except OSError: break
        if not piece: break
        seen += piece
    return seen
until(b"@@ ")
for line in sys.argv[2:]:
    os.write(fd, (line + "\n").encode())
    sys.stdout.buffer.write(until(b"@@ "))
os.write(fd, b"exit\n")
"#;

/// What the shell shows when these lines are typed.
fn typed(weft: &Weft, lines: &[&str]) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_weft")).parent().expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("python3")
        .args(["-c", TYPIST, "bash", "bind 'set enable-bracketed-paste off'"])
        .arg("source <(weft completions bash)")
        .args(lines)
        .current_dir(weft.path("."))
        .env("PATH", format!("{}:{path}", binary.display()))
        .output()
        .expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_shell_completes_commands_options_and_the_names_of_the_app() {
    let weft = Weft::on("check", APP);
    for (line, expected) in [
        ("weft expl\tstorefront | cut -c1-22", "storefront  deployment"),
        ("weft explain store\t| cut -c1-22", "storefront  deployment"),
        ("weft explain weights-n\t| head -1", "weights-not-100 (error"),
        ("weft build -e sta\t| grep replicas", "replicas: 2"),
        ("weft build --env sta\t-f weft.yaml | grep replicas", "replicas: 2"),
        ("weft build --governance ist\t| grep -c DestinationRule", "\r\n"),
        ("echo weft; weft check --set par\t7", "ok  weft.yaml"),
        ("weft build --form\tyam\t | grep replicas", "replicas: 1"),
    ] {
        let shown = typed(&weft, &[line]);
        assert!(shown.contains(expected), "{line:?}: {shown}");
        assert!(!shown.contains("error:"), "{line:?}: {shown}");
    }
}

#[test]
fn the_app_of_a_line_is_the_one_that_it_names() {
    let other = "apiVersion: weft/v1\nname: other\ncomponents: { lighthouse: { image: a } }\n";
    let weft = Weft::on("check", APP).file("other.yaml", other);
    let shown = typed(&weft, &["weft explain -f other.yaml light\t| cut -c1-22"]);
    assert!(shown.contains("lighthouse  deployment"), "{shown}");
    let shown = typed(&weft, &["weft explain -f - light\t </dev/null"]);
    assert!(shown.contains("`light`") || shown.contains("<stdin>"), "{shown}");
}

#[test]
fn every_shell_gets_a_script_that_asks_weft() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = Weft::new(&format!("completions {shell}")).run().fine();
        assert!(script.contains("WEFT_COMPLETE") && script.contains("weft"), "{shell}: {script}");
    }
    Weft::new("completions tcsh").run().refused(2);
    Weft::new("build").env("WEFT_COMPLETE", "tcsh").run().refused(2);
}
