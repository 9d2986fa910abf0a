//! The shared entry: what each kind of gateway refuses of TLS and of connections.

use crate::support::{Weft, built};

/// An app with one component at a gateway.
fn app(gateway: &str, ports: &str, expose: &str) -> String {
    format!(
        "gateway: {gateway}\ncomponents:\n  web:\n    image: example.com/web:1\n    \
         ports: {ports}\n    expose: {expose}\n"
    )
}

const HTTP: (&str, &str) = ("{ http: 8080 }", "{ http: {} }");

fn refused(mode: &str, gateway: &str, (ports, expose): (&str, &str)) -> String {
    Weft::on(&format!("check --governance {mode}"), &app(gateway, ports, expose)).run().wrong()
}

#[test]
fn what_a_kind_of_gateway_cannot_do_with_tls_is_refused_by_name() {
    let api = "kind: gateway-api, class: envoy, hosts: [a.example.com]";
    let ingress = "kind: ingress, hosts: [a.example.com]";
    let istio = "kind: istio, hosts: [a.example.com]";
    for (mode, kind, tls, what) in [
        ("kubernetes", api, "secret: s, mode: mutual", "ask callers for certificates"),
        ("kubernetes", api, "secret: s, minVersion: TLSv1.3", "set the oldest version of TLS"),
        ("kubernetes", ingress, "secret: s, mode: mutual", "ask callers for certificates"),
        ("kubernetes", ingress, "secret: s, minVersion: TLSv1.2", "set the oldest version of TLS"),
        ("kubernetes", ingress, "secret: s, redirect: true", "redirect to HTTPS"),
        ("kubernetes", ingress, "secret: s, port: 8443", "choose the port of TLS"),
        ("istio", istio, "secret: s, redirect: true, port: 8443", "redirect to another port"),
    ] {
        let said = refused(mode, &format!("{{ {kind}, tls: {{ {tls} }} }}"), HTTP);
        assert!(said.contains("error[not-in-this-mode]") && said.contains(what), "{tls}:\n{said}");
    }
    let many: Vec<String> = (0..63).map(|i| format!("h{i}.example.com: s{i}")).collect();
    let hosts: Vec<String> = (0..63).map(|i| format!("h{i}.example.com")).collect();
    let gateway = format!(
        "{{ class: envoy, hosts: [{}], tls: {{ certificates: {{ {} }} }} }}",
        hosts.join(", "),
        many.join(", ")
    );
    assert!(refused("kubernetes", &gateway, HTTP).contains("hold that many certificates"));
}

#[test]
fn connections_need_a_gateway_that_can_tell_whose_they_are() {
    let any = "{ class: envoy, tls: { mode: passthrough } }";
    let said = refused("kubernetes", any, ("{ https: 8443 }", "{ https: {} }"));
    assert!(said.contains("pass TLS on without a host"), "{said}");
    let ingress = "{ kind: ingress, hosts: [a.example.com], tls: { mode: passthrough } }";
    let said = refused("kubernetes", ingress, ("{ https: 8443 }", "{ https: {} }"));
    assert!(said.contains("an Ingress cannot carry https"), "{said}");
    assert!(said.contains("an Ingress cannot pass TLS on"), "{said}");
    let plain = "{ class: envoy, hosts: [a.example.com] }";
    for (ports, expose) in [
        ("{ https: 8443 }", "{ https: {} }"),
        ("{ tcp: 5432 }", "{ tcp: {} }"),
        ("{ udp: 53 }", "{ udp: { port: 53 } }"),
    ] {
        let said = refused("kubernetes", plain, (ports, expose));
        assert!(said.contains("a Gateway API gateway cannot carry"), "{ports}:\n{said}");
    }
}

#[test]
fn settings_that_an_entry_has_no_use_for_are_refused() {
    let istio = |rest: &str| format!("{{ hosts: [a.example.com]{rest} }}");
    let passing =
        istio(", tls: { mode: passthrough, secret: s, redirect: true, minVersion: TLSv1.2 }");
    for (gateway, ports, expose, fields) in [
        (istio(""), "{ http: 8080 }", "{ http: { port: 81 } }", &["port"][..]),
        (
            istio(""),
            "{ tcp: 1 }",
            "{ tcp: { port: 1, hosts: [b.example.com], exact: [/a], prefix: [/] } }",
            &["hosts", "exact", "prefix"],
        ),
        (istio(""), "{ tcp: 1 }", "{ tcp: { port: 1, via: load-balancer } }", &["port"]),
        (
            passing,
            "{ tls: 1 }",
            "{ tls: { startsWith: [/a] } }",
            &["startsWith", "secret", "redirect", "minVersion"],
        ),
        (istio(", tls: { mode: passthrough }"), "{ http: 80 }", "{ http: {} }", &["tls"]),
        (istio(", tls: { secret: s }"), "{ tcp: 1 }", "{ tcp: { port: 1 } }", &["tls"]),
    ] {
        let said = refused("istio", &gateway, (ports, expose));
        for field in fields {
            let fact = format!("error[field-without-effect]: `{field}` has no effect");
            assert!(said.contains(&fact), "{field}:\n{said}");
        }
    }
}

#[test]
fn hosts_with_one_certificate_share_a_server_of_istio() {
    let gateway = "{ hosts: [a.example.com, b.example.com, c.example.com], \
                   tls: { secret: s, certificates: { a.example.com: t, b.example.com: t } } }";
    let objects = built("--governance istio", &app(gateway, HTTP.0, HTTP.1));
    let servers = &objects.get("Gateway", "example")["spec"]["servers"];
    let https: Vec<String> = servers
        .as_array()
        .expect("servers")
        .iter()
        .filter(|server| server["port"]["number"] == 443)
        .map(|server| format!("{} {}", server["tls"]["credentialName"], server["hosts"]))
        .collect();
    assert_eq!(https, [r#""s" ["c.example.com"]"#, r#""t" ["a.example.com","b.example.com"]"#]);
}

#[test]
fn the_gateway_of_an_app_knows_nothing_of_the_entries_of_another() {
    let app = "gateway: { class: nginx, hosts: [here.example.com, there.example.com] }
uses: [{ app: other }]
components:
  web:
    image: example.com/web:1
    ports: { http: 8080 }
    expose: { http: { hosts: [here.example.com] } }
    dependsOn: [other/api]
";
    let other = "apiVersion: weft/v1
name: other
gateway: { class: nginx, hosts: [there.example.com] }
components: { api: { image: 'example.com/api:1', ports: { http: 8080 }, expose: { http: {} } } }
";
    let run = |app: &str, mode: &str| {
        let weft = Weft::on(&format!("build --governance {mode}"), app);
        weft.file("other/weft.yaml", other).run()
    };
    for mode in ["kubernetes", "istio"] {
        let said = run(app, mode).stderr;
        assert!(said.contains("warning[unserved-host]: nothing is exposed at `there."), "{said}");
        let built = run(&app.replace(", there.example.com]", "]"), mode).fine();
        assert!(built.contains("here.example.com") && !built.contains("there."), "{built}");
    }
}
