/** The samples of nginx and Caddy in front of a real service, over TLS. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createCertificate } from "../support/certificate.ts";
import { countersign } from "../support/cli.ts";
import { temporaryFolder } from "../support/engine.ts";
import { call } from "../support/http.ts";
import { freePort } from "../support/ports.ts";
import { press } from "../support/press.ts";
import { ROOT } from "../support/service-process.ts";
import { newId, openSite, type Site } from "../support/site.ts";
import { needs, startProgram, tunnelTo } from "./programs.ts";

const NAME = "approvals.example.com";
const ANA = "ana@example.com";

interface Place {
  readonly port: number;
  readonly upstream: number;
  readonly folder: string;
  readonly cert: string;
  readonly key: string;
}

/** Starts the sample on other ports, and with another certificate. Answers how to read its log of accesses. */
const PROXIES = {
  nginx: async ({ port, upstream, folder, cert, key }: Place) => {
    needs("nginx", "nginx-light");
    const sample = readFileSync(join(ROOT, "deploy/nginx/countersign.conf"), "utf8");
    writeFileSync(join(folder, "fullchain.pem"), cert);
    writeFileSync(join(folder, "privkey.pem"), key);
    const site = sample
      .replaceAll("/etc/ssl/countersign", folder)
      .replaceAll("/var/log/nginx", folder)
      .replaceAll(/listen \[::\]:.*\n/gu, "")
      .replace("listen 80;", `listen 127.0.0.1:${await freePort()};`)
      .replace("listen 443 ", `listen 127.0.0.1:${port} `)
      .replace("127.0.0.1:5001", `127.0.0.1:${upstream}`);
    const main = `user root; daemon off; pid ${folder}/pid; error_log stderr; events {} http { access_log off; ${TEMPORARY.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(" ")}\n${site}}`;
    writeFileSync(join(folder, "nginx.conf"), main);
    await startProgram("nginx", ["-c", join(folder, "nginx.conf"), "-e", "stderr"], { port });
    return () => readFileSync(join(folder, "countersign.log"), "utf8");
  },
  caddy: async ({ port, upstream, folder, cert, key }: Place) => {
    needs("caddy", "caddy");
    const sample = readFileSync(join(ROOT, "deploy/caddy/Caddyfile"), "utf8");
    writeFileSync(join(folder, "cert.pem"), cert);
    writeFileSync(join(folder, "key.pem"), key);
    const log = /\t# log \{\n(?:\t# .*\n)*/u.exec(sample)?.[0].replaceAll("\t# ", "\t");
    const site = sample
      .replace(`${NAME} {`, `${NAME}:${port} {\nbind 127.0.0.1\ntls ${folder}/cert.pem ${folder}/key.pem\n`)
      .replace("127.0.0.1:5001", `127.0.0.1:${upstream}`)
      // The log that is switched off in the sample, to a file.
      .replace(/\n\}\n$/u, `\n${log?.replace("log {\n", `log {\noutput file ${folder}/access.log\n`)}}\n`);
    writeFileSync(join(folder, "Caddyfile"), `{\nadmin off\nauto_https disable_redirects\n}\n${site}`);
    const env = { XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    await startProgram("caddy", ["run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"], {
      port,
      env,
    });
    return () => readFileSync(join(folder, "access.log"), "utf8");
  },
};
const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

async function behind(
  proxy: keyof typeof PROXIES,
  use: (site: Site, tunnel: string, key: string, log: () => string) => Promise<void>,
) {
  const port = await freePort();
  await using site = await openSite({
    env: { PUBLIC_URL: `https://${NAME}:${port}`, TRUST_PROXY_HOPS: "1" },
  });
  const made = await countersign(["keys", "create", "--name", "try", "--scope", "admin"], site.env);
  await site.start("all");
  const { ca, cert, key } = createCertificate(NAME);
  const upstream = Number(new URL(site.publicUrl).port);
  const log = await PROXIES[proxy]({ port, upstream, folder: temporaryFolder(), cert, key });
  await use(
    site,
    await tunnelTo({ name: NAME, port, ca }),
    (JSON.parse(made.stdout) as { readonly key: string }).key,
    log,
  );
}

test.each(["nginx", "caddy"] as const)(
  "%s: a decision by link, waits, bodies, addresses, the log",
  async (proxy) => {
    await behind(proxy, async (site, tunnel, key, log) => {
      const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
      const ask = (body: object) =>
        call(`${tunnel}/approvals`, {
          method: "POST",
          headers,
          body: JSON.stringify({ title: "Order", approvers: [ANA], ...body }),
        });

      // A wait for longer than nginx's 60 seconds, which ends before them.
      const open = newId("open");
      expect((await ask({ id: open })).status).toBe(202);
      const began = performance.now();
      const waiting = call(`${tunnel}/wait?id=${open}`, {
        headers: { ...headers, prefer: "wait=600" },
        timeoutMs: 90_000,
      });

      // A decision by link, while the other call waits.
      const id = newId("po");
      expect((await ask({ id, title: "Order 40 laptops" })).status).toBe(202);
      const mail = await site.mailTo(ANA, "40 laptops");
      expect(new URL(mail.links.approve).protocol).toBe("https:");
      expect(await press(mail.links.approve, { via: tunnel })).toMatchObject({
        status: 200,
        decision: "approved",
        effective: true,
      });
      const ended = await call(`${tunnel}/wait?id=${id}`, { headers: { ...headers, prefer: "wait=30" } });
      expect(ended.json()).toMatchObject({ status: "resolved", result: { outcome: "approved" } });

      // Bodies: what Countersign refuses, it refuses itself. What is larger than anything it takes, a proxy may.
      const own = await ask({ summary: "x".repeat(100_000) });
      expect([own.status, own.headers["content-type"]]).toEqual([
        413,
        "application/problem+json; charset=utf-8",
      ]);
      const webhook = await call(`${tunnel}/webhooks/none`, {
        method: "POST",
        headers,
        body: "x".repeat(1024 * 1024),
      });
      expect(webhook.headers["content-type"]).toContain("application/problem+json");
      const huge = call(`${tunnel}/approvals`, { method: "POST", headers, body: "x".repeat(3_000_000) });
      // A proxy that answers before it has read all may close the connection under the rest.
      expect([413, "cut off"]).toContain(
        await huge.then(
          ({ status }) => status,
          () => "cut off",
        ),
      );

      // What callers write into X-Forwarded-For makes no new callers of them.
      const statuses = new Set<number>();
      for (let i = 0; i < 110; i++) {
        const forged = { "x-forwarded-for": `203.0.113.${i}`, authorization: "Bearer apv_wrong" };
        statuses.add((await call(`${tunnel}/approvals/${id}`, { headers: forged })).status);
      }
      expect(statuses).toEqual(new Set([401, 429]));

      const pending = await waiting;
      const seconds = (performance.now() - began) / 1000;
      console.log(`${proxy}: wait=600 answered ${pending.status} after ${seconds.toFixed(1)} s`);
      expect(pending.json()).toMatchObject({ status: "pending" });
      expect(seconds).toBeGreaterThan(40);

      const token = new URL(mail.links.approve).pathname.split("/").at(-1) ?? "";
      expect(log()).toContain("/d/...");
      expect(log()).not.toContain(token);
    });
  },
);
