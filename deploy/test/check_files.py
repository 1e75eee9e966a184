"""Reads the files of deploy/ as their programs would: sources that exist, YAML, references from one to another, limits that agree.

    check_files.py [MANIFESTS]     the second form reads what Kustomize made
"""

import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
# The binary drains for so long at most: requests 10 s, then folding 5 s, then the store.
DRAIN_S = 20


def documents(path):
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def seconds(text):
    return int(re.fullmatch(r"(\d+)s", text).group(1))


def check_image():
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    ignored = [line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")]
    for line in re.findall(r"^COPY (.*)", text, re.M):
        words = [word for word in line.split() if not word.startswith("--")]
        if "--from=" in line:
            continue
        for source in words[:-1]:
            assert (ROOT / source).exists(), f"the Dockerfile copies {source}, which does not exist"
            assert source in ignored, f"{source} is not among what Dockerfile.dockerignore lets in"
    # Every package of the workspace, and what the sources embed, is copied.
    copied = re.findall(r"^COPY (?!--)(.*)", text, re.M)
    copied = [source for line in copied for source in line.split()[:-1]]
    workspace = (ROOT / "Cargo.toml").read_text()
    for member in re.findall(r'^    "([^"]+)",$', workspace, re.M):
        assert any(member.startswith(source + "/") for source in copied), f"{member} is not copied"
    rust = re.search(r'channel = "([^"]+)"', (ROOT / "rust-toolchain.toml").read_text()).group(1)
    assert f"FROM rust:{rust}-" in text, f"the image is not built with Rust {rust}"
    assert re.search(r"^USER \d+:\d+$", text, re.M), "the image runs as root"
    assert 'CMD ["/usr/local/bin/milepost", "healthcheck"]' in text
    assert "FROM scratch" in text or "distroless/static" in text


def check_compose():
    (compose,) = documents(DEPLOY / "compose.yaml")
    services, secrets = compose["services"], compose["secrets"]
    nginx = (DEPLOY / "nginx/milepost.conf").read_text()
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert how["condition"] == "service_healthy", (name, needed)
            # The nodes' check is the image's.
            assert needed.startswith("node-") or "healthcheck" in services[needed], f"{needed} has no health check"
        assert set(service.get("secrets", [])) <= set(secrets), name
    for name in ("node-1", "node-2"):
        node = services[name]
        assert f"server {name}:8080" in nginx, f"nginx does not know {name}"
        assert node["read_only"] and node["cap_drop"] == ["ALL"] and seconds(node["stop_grace_period"]) > DRAIN_S
        assert "milepost.toml" in node["secrets"] and not any("PASSWORD" in key for key in node["environment"])
        trusted = node["environment"]["MILEPOST_TRUSTED_PROXIES"]
        assert trusted == services["nginx"]["networks"]["inside"]["ipv4_address"]
    secret_files = (DEPLOY / "make-secrets.sh").read_text()
    for secret in secrets.values():
        assert pathlib.Path(secret["file"]).name in secret_files, secret
    assert services["postgres"]["networks"]["inside"]["ipv4_address"] in secret_files
    assert services["redis"]["networks"]["inside"]["ipv4_address"] in secret_files


def check_proxies():
    """The largest body and the times are the server's."""
    source = (ROOT / "crates/dialects/native/src/handlers/positions.rs").read_text()
    megabytes = int(re.search(r"const MAX_BODY_BYTES: usize = (\d+) \* 1024 \* 1024", source).group(1))
    nginx = (DEPLOY / "nginx/milepost.conf").read_text()
    ingress = (DEPLOY / "kubernetes/ingress.yaml").read_text()
    assert f"client_max_body_size {megabytes}m;" in nginx
    assert f"proxy-body-size: {megabytes}m" in ingress
    settings = (ROOT / "crates/server/src/config/setting.rs").read_text()
    ping_s = seconds(re.search(r'"WS_PING_PERIOD", "(\w+)"', settings).group(1))
    for text, name in ((nginx, "proxy_read_timeout "), (nginx, "proxy_send_timeout "), (ingress, 'proxy-read-timeout: "')):
        assert int(re.search(re.escape(name) + r"(\d+)", text).group(1)) > 2 * ping_s, name


def check_systemd():
    unit = (DEPLOY / "systemd/milepost.service").read_text()
    for line in ("Type=notify", "ProtectSystem=strict", "StateDirectory=milepost", "NoNewPrivileges=yes"):
        assert f"\n{line}\n" in unit, line
    assert int(re.search(r"TimeoutStopSec=(\d+)", unit).group(1)) > DRAIN_S


def check_workflow():
    workflow = ROOT / ".github/workflows/release.yml"
    (release,) = documents(workflow)
    for use in re.findall(r"uses: (\S+)", workflow.read_text()):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", use), f"{use} is not pinned to a commit"
    for name, job in release["jobs"].items():
        assert "timeout-minutes" in job and "permissions" in job, name
        for step in job["steps"]:
            # What a tag's name may hold must not become part of a command.
            assert "${{" not in step.get("run", ""), (name, step)


def check_alerts():
    (rules,) = documents(DEPLOY / "prometheus/alerts.yml")
    page = (ROOT / "docs/alarms.md").read_text()
    sections = set(re.findall(r"^## (\w+)$", page, re.M))
    alerts = {rule["alert"]: rule for group in rules["groups"] for rule in group["rules"]}
    assert set(alerts) == {one for one in sections if one.startswith("Milepost")}, set(alerts) ^ sections
    for name, rule in alerts.items():
        assert rule["labels"]["severity"] in ("critical", "warning"), name
        assert rule["annotations"]["runbook_url"].endswith(f"docs/alarms.md#{name.lower()}"), name
    (tests,) = documents(DEPLOY / "prometheus/alerts.test.yml")
    tried = {one["alertname"] for test in tests["tests"] for one in test["alert_rule_test"] if one.get("exp_alerts")}
    assert tried == set(alerts), f"never fires in alerts.test.yml: {set(alerts) - tried}"


def check_manifests(path):
    made = {(one["kind"], one["metadata"]["name"]): one for one in documents(path)}
    (secret,) = documents(DEPLOY / "kubernetes/secret.example.yaml")
    deployment = made["Deployment", "milepost"]["spec"]
    pod = deployment["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] and container["securityContext"]["readOnlyRootFilesystem"]
    settings = made["ConfigMap", container["envFrom"][0]["configMapRef"]["name"]]["data"]
    assert pod["terminationGracePeriodSeconds"] > seconds(settings["MILEPOST_DRAIN_DELAY"]) + DRAIN_S
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready?relay=optional"
    assert container["livenessProbe"]["httpGet"]["path"] == "/health"
    labels = deployment["template"]["metadata"]["labels"]
    for kind in ("Service", "PodDisruptionBudget"):
        selector = made[kind, "milepost"]["spec"]["selector"]
        selector = selector.get("matchLabels", selector)
        assert selector.items() <= labels.items() and selector, kind
    assert ("ConfigMap", container["envFrom"][0]["configMapRef"]["name"]) in made
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
    assert volumes["config"]["secret"]["secretName"] == secret["metadata"]["name"]
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}["config"]
    assert all(f"{mounted}/{pathlib.Path(arg).name}" == arg for arg in container["args"] if arg.startswith("/"))
    assert pathlib.Path(container["args"][-1]).name in secret["stringData"]


if len(sys.argv) > 1:
    check_manifests(pathlib.Path(sys.argv[1]))
else:
    for file in [*DEPLOY.rglob("*.yaml"), *DEPLOY.rglob("*.yml")]:
        assert documents(file), file
    for check in (check_image, check_compose, check_proxies, check_systemd, check_workflow, check_alerts):
        check()
