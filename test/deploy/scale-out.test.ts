/**
 * The parts of `deploy/compose/scale-out.yaml` as processes: PostgreSQL, a Resonate Server, two gateways, two workers,
 * Caddy. Their keys are made by the commands of docs/deployment.md. Needs a server binary: RESONATE=/path/to/resonate.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { createCertificate } from "../support/certificate.ts";
import { temporaryFolder } from "../support/engine.ts";
import { untilPasses } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { freePort } from "../support/ports.ts";
import { press } from "../support/press.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { ROOT, ServiceProcess } from "../support/service-process.ts";
import { newId } from "../support/site.ts";
import { needs, type Program, startProgram, tunnelTo } from "./programs.ts";

const NAME = "approvals.example.com";
const ANA = "ana@example.com";
const POSTGRES = process.env["POSTGRES_BIN"] ?? "/usr/lib/postgresql/15/bin";
const RESONATE = process.env["RESONATE"] ?? "resonate";

interface Sample {
  readonly "x-part": { readonly environment: Readonly<Record<string, string>> };
  readonly services: { readonly resonate: { readonly command: readonly string[] } };
}
const sample = parse(readFileSync(join(ROOT, "deploy/compose/scale-out.yaml"), "utf8"), {
  merge: true,
}) as Sample;

/**
 * Runs the commands of the page in a folder that has what they expect, and reads the `.env` that they write. What runs in
 * a container runs without one.
 */
function makeKeys(folder: string): { readonly env: ReadonlyMap<string, string>; readonly apiKey: string } {
  copyFileSync(join(ROOT, "deploy/compose/example.env"), join(folder, "example.env"));
  const page = readFileSync(join(ROOT, "docs/deployment.md"), "utf8");
  const commands = /^```sh\n(cp example\.env .*?)^```$/msu.exec(page)?.[1] ?? "exit 1";
  const docker = `docker() (
    until [[ $1 == countersign:* ]]; do shift; done
    cd keys && API_KEYS_FILE=api-keys.json DATA_DIR=. node ${join(ROOT, "bin/countersign.js")} "\${@:2}"
  )`;
  const said = execFileSync("bash", ["-ec", `${docker}\n${commands}`], {
    cwd: folder,
    env: { PATH: `${join(ROOT, "node_modules/.bin")}:${process.env["PATH"]}` },
    encoding: "utf8",
  });
  const lines = readFileSync(join(folder, ".env"), "utf8").matchAll(/^([A-Z_]+)=(.*)$/gmu);
  const { key } = JSON.parse(said) as { readonly key: string };
  return { env: new Map(Array.from(lines, ([, name = "", value = ""]) => [name, value])), apiKey: key };
}

/** A new cluster, which refuses to run as root: as the user of Debian's package, then. */
async function startPostgres(password: string): Promise<number> {
  const uid =
    process.getuid?.() === 0
      ? Number(execFileSync("id", ["-u", "postgres"], { encoding: "utf8" }))
      : undefined;
  const folder = temporaryFolder();
  const as = uid === undefined ? {} : { uid, gid: uid };
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password);
  for (const path of [folder, passwordFile]) if (uid !== undefined) chownSync(path, uid, uid);
  const made = spawnSync(
    join(POSTGRES, "initdb"),
    ["-D", join(folder, "db"), "-U", "resonate", "-A", "scram-sha-256", "--pwfile", passwordFile],
    { ...as, cwd: folder, encoding: "utf8" },
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const port = await freePort();
  const settings = ["-c", `unix_socket_directories=${folder}`, "-c", "listen_addresses=127.0.0.1"];
  await startProgram(
    join(POSTGRES, "postgres"),
    ["-D", join(folder, "db"), "-p", String(port), ...settings],
    {
      port,
      cwd: folder,
      ...(uid !== undefined && { uid }),
    },
  );
  return port;
}

async function open(relay: Relay) {
  const folder = temporaryFolder();
  const { env, apiKey } = makeKeys(folder);
  const postgresPort = await startPostgres(env.get("POSTGRES_PASSWORD") ?? "");

  const [resonatePort, caddyPort, ...gatewayPorts] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ] as const;
  const flags = sample.services.resonate.command.map((flag) => flag.replace("/keys/", `${folder}/`));
  const startResonate = () =>
    startProgram(RESONATE, [...flags, `--server-port=${resonatePort}`, "--server-bind=127.0.0.1"], {
      port: resonatePort,
      cwd: folder,
      env: {
        RESONATE_STORAGE__POSTGRES__URL: `postgres://resonate:${env.get("POSTGRES_PASSWORD")}@127.0.0.1:${postgresPort}/resonate`,
      },
    });
  // The compose file has PostgreSQL make it.
  execFileSync(
    join(POSTGRES, "createdb"),
    ["-h", "127.0.0.1", "-p", String(postgresPort), "-U", "resonate", "resonate"],
    {
      env: { PGPASSWORD: env.get("POSTGRES_PASSWORD") },
    },
  );
  const resonate: { now: Program } = { now: await startResonate() };

  const publicUrl = `https://${NAME}:${caddyPort}`;
  const own: Readonly<Record<string, string>> = {
    NODE_ENV: "production",
    PUBLIC_URL: publicUrl,
    SMTP_URL: relay.url,
    RESONATE_URL: `http://127.0.0.1:${resonatePort}`,
    INDEX_URL: `postgres://resonate:${env.get("POSTGRES_PASSWORD")}@127.0.0.1:${postgresPort}/resonate`,
    API_KEYS_FILE: join(folder, "keys/api-keys.json"),
    DRAIN_DELAY_MS: "5000",
  };
  const settings = Object.entries(sample["x-part"].environment).map(([name, value]) => {
    return [name, own[name] ?? (value.startsWith("${") ? (env.get(name) ?? "") : value)] as const;
  });
  const start = async (part: "gateway" | "worker", number: number): Promise<ServiceProcess> => {
    const dataDir = join(folder, `${part}-${number}`);
    mkdirSync(dataDir, { recursive: true });
    chmodSync(dataDir, 0o700);
    const { API_KEYS_FILE, ...others } = { ...own, ...Object.fromEntries(settings) };
    const keys =
      part === "gateway"
        ? { API_KEYS_FILE: API_KEYS_FILE ?? "", PORT: String(gatewayPorts[number - 1]) }
        : // Each container has this port for itself; processes of one machine have not.
          { API_KEYS_FILE: "/etc/countersign/api-keys.json", WORKER_HEALTH_PORT: String(await freePort()) };
    const service = await ServiceProcess.start(part, { ...others, ...keys, DATA_DIR: dataDir });
    onTestFinished(() => service.killHard());
    return service;
  };
  const gateways = [await start("gateway", 1), await start("gateway", 2)];
  const workers = [await start("worker", 1), await start("worker", 2)];

  const { ca, cert, key } = createCertificate(NAME);
  writeFileSync(join(folder, "cert.pem"), cert);
  writeFileSync(join(folder, "key.pem"), key);
  const site = readFileSync(join(ROOT, "deploy/compose/Caddyfile"), "utf8").replace(
    "{$PUBLIC_URL} {",
    `{$PUBLIC_URL} {\nbind 127.0.0.1\ntls ${folder}/cert.pem ${folder}/key.pem`,
  );
  writeFileSync(join(folder, "Caddyfile"), `{\nadmin off\nauto_https disable_redirects\n}\n${site}`);
  await startProgram("caddy", ["run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"], {
    port: caddyPort,
    env: {
      XDG_DATA_HOME: folder,
      XDG_CONFIG_HOME: folder,
      PUBLIC_URL: publicUrl,
      UPSTREAMS: gatewayPorts.map((port) => `127.0.0.1:${port}`).join(" "),
    },
  });
  const tunnel = await tunnelTo({ name: NAME, port: caddyPort, ca });
  return { tunnel, apiKey, gateways, workers, start, resonate, startResonate };
}

test("the scale-out sample answers, and goes on when any of its parts is restarted or killed", {
  timeout: 300_000,
}, async () => {
  needs(RESONATE, "a Resonate Server 0.9.8, and say where it is: RESONATE=/path/to/resonate");
  needs(join(POSTGRES, "initdb"), "postgresql, and say where it is: POSTGRES_BIN=/usr/lib/postgresql/15/bin");
  needs("caddy", "caddy");
  await using relay = await startRelay();
  const { tunnel, apiKey, gateways, workers, start, resonate, startResonate } = await open(relay);
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };

  const asked: string[] = [];
  const ask = async () => {
    const id = newId("po");
    const body = JSON.stringify({ id, title: "Order 40 laptops", approvers: [ANA] });
    const answer = await call(`${tunnel}/approvals`, { method: "POST", headers, body });
    expect([answer.status, answer.text]).toEqual([202, expect.anything()]);
    asked.push(id);
    return id;
  };
  const decide = async (id: string) => {
    const { links } = await relay.mailTo(ANA, id, { withinMs: 90_000 });
    const began = performance.now();
    expect(await press(links.approve, { via: tunnel })).toMatchObject({ decision: "approved" });
    const ended = await call(`${tunnel}/wait?id=${id}`, { headers: { ...headers, prefer: "wait=45" } });
    expect(ended.json()).toMatchObject({ status: "resolved", result: { outcome: "approved" } });
    return Math.round(performance.now() - began);
  };
  const figures: Record<string, number> = {};

  figures["decision to outcome, ms"] = await decide(await ask());

  // One gateway after the other is replaced, under requests.
  const statuses = new Map<number, number>();
  const over = new AbortController();
  const load = (async () => {
    while (!over.signal.aborted) {
      const { status } = await call(`${tunnel}/approvals/none`, { headers });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      await pause(20);
    }
  })();
  for (const [i, gateway] of gateways.entries()) {
    gateway.kill("SIGTERM");
    await gateway.exited;
    await start("gateway", i + 1);
    // Until Caddy has looked.
    await pause(3_000);
  }
  over.abort();
  await load;
  expect([...statuses.keys()], "no request failed").toEqual([404]);
  figures["requests while gateways were replaced"] = statuses.get(404) ?? 0;

  // One worker is killed, and one goes in order: the other does the work.
  await workers[0]?.killHard();
  figures["with one worker killed, ms"] = await decide(await ask());
  await start("worker", 1);
  workers[1]?.kill("SIGTERM");
  await workers[1]?.exited;
  figures["with the other one replaced, ms"] = await decide(await ask());

  // The server is restarted with an approval open.
  const open_ = await ask();
  await relay.mailTo(ANA, open_, { withinMs: 90_000 });
  await resonate.now.stop();
  await startResonate();
  figures["over a restart of the server, ms"] = await decide(open_);

  // Whatever was killed meanwhile, the list is right.
  await untilPasses(async () => {
    const listed = await call(`${tunnel}/approvals?status=approved`, { headers });
    const { items } = listed.json() as { readonly items: readonly { readonly id: string }[] };
    expect(items.map(({ id }) => id).toSorted()).toEqual(asked.toSorted());
  });
  console.log(figures);
});
