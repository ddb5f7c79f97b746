#!/usr/bin/env bash
# Packages:  crate resonate-sdk 0.6.0 and npm @resonatehq/sdk 0.11.5, each on its own in-memory server
# Behaviour: both say protocol version 2026-04-01 and write different records. The children of a workflow are named with a
#            point in Rust and with a colon in TypeScript; and one argument of a call is stored bare in Rust, and in a list in
#            TypeScript (Rust stores the same for a tuple of one). One would guess that SDKs of one protocol version can
#            call each other's functions and name their promises alike.
# Output seen:
#   rust: child wf.0
#   rust: "x" is stored as {"args":"x","func":"f"}
#   rust: ("x",) is stored as {"args":["x"],"func":"f"}
#   typescript: child wf:0
#   typescript: "x" is stored as {"func":"f","args":["x"],"version":1}
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
mkdir src
cat > Cargo.toml <<'X'
[package]
name = "shapes"
version = "0.1.0"
edition = "2021"
[dependencies]
resonate-sdk = "=0.6.0"
tokio = { version = "1", features = ["full"] }
serde_json = "1"
X
cat > src/main.rs <<'X'
use resonate_sdk::prelude::*;

#[resonate_sdk::function]
async fn wf(ctx: &Context) -> Result<String> {
    ctx.run(child, ()).await
}

#[resonate_sdk::function]
async fn child(ctx: &Context) -> Result<String> {
    Ok(ctx.id().to_string())
}

async fn show(resonate: &Resonate, id: &str, what: &str) {
    let record = resonate.promises.get(id).await.unwrap();
    println!("rust: {what} is stored as {}", record.param.data.unwrap());
}

#[tokio::main]
async fn main() {
    let resonate = Resonate::local();
    resonate.register(wf).unwrap();
    resonate.register(child).unwrap();
    let name: String = resonate.run("wf", wf, ()).await.unwrap();
    println!("rust: child {name}");
    let _bare = resonate.rpc::<_, String>("bare", "f", "x").target("elsewhere").spawn().await.unwrap();
    let _tuple = resonate.rpc::<_, String>("tuple", "f", ("x",)).target("elsewhere").spawn().await.unwrap();
    show(&resonate, "bare", "\"x\"").await;
    show(&resonate, "tuple", "(\"x\",)").await;
    std::process::exit(0);
}
X
cargo build --quiet
cat > run.mjs <<'X'
import { Resonate } from "@resonatehq/sdk";
const silent = Object.fromEntries(["debug", "info", "warn", "error"].map((level) => [level, () => {}]));
const resonate = new Resonate({ logger: silent });
resonate.register("wf", function* wf(ctx) {
  return yield* ctx.run(async (child) => child.id);
});
const handle = await resonate.beginRun("wf", "wf");
console.log(`typescript: child ${await handle.result()}`);
await resonate.beginRpc("bare", "f", "x", resonate.options({ target: "poll://any@elsewhere" }));
const { param } = await resonate.promises.get("bare");
console.log(`typescript: "x" is stored as ${Buffer.from(param.data, "base64").toString()}`);
process.exit(0);
X
npm init -y >/dev/null
# The SDK needs Node 22 or newer, so the script brings its own.
npm install --silent --no-audit --no-fund @resonatehq/sdk@0.11.5 node@26.10.0
seen=$("${CARGO_TARGET_DIR:-target}/debug/shapes"; node_modules/.bin/node run.mjs)
echo "$seen"
grep -qF 'rust: child wf.0' <<<"$seen"
grep -qF 'rust: "x" is stored as {"args":"x","func":"f"}' <<<"$seen"
grep -qF 'rust: ("x",) is stored as {"args":["x"],"func":"f"}' <<<"$seen"
grep -qF 'typescript: child wf:0' <<<"$seen"
grep -qF 'typescript: "x" is stored as {"func":"f","args":["x"],"version":1}' <<<"$seen"
