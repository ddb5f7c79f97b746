/** A gateway with keys, and browsers of operators. */
import { pino } from "pino";
import { expect } from "vitest";
import { createAuthenticate } from "../../../../src/auth/authenticate.ts";
import { isKey, makeKey } from "../../../../src/auth/key.ts";
import type { Scope } from "../../../../src/auth/scopes.ts";
import { type GatewayOptions, startGateway } from "../../../../src/gateway/gateway.ts";
import { callbackUrlProblem } from "../../../support/callbacks.ts";
import { TEST_SIGNING_KEYS } from "../../../support/gateway.ts";
import { ledgerIn } from "../../../support/ledger-engine.ts";
import { TestBrowser } from "../inbox/browser.ts";
import { openRig, type Rig, type RigOptions, SECRET } from "../rig.ts";

export const VIEWER: readonly Scope[] = ["approvals:read", "approvals:read-all", "workflows:read"];
export const OPERATOR: readonly Scope[] = [...VIEWER, "approvals:manage", "approvals:cancel"];

/** Keys that can be revoked. */
export class Keys {
  readonly #made = new Map<string, ReturnType<typeof makeKey>>();

  make(client: string, scopes: readonly Scope[]): string {
    const made = makeKey({ client, scopes, createdAt: "2026-11-21T10:00:00Z" });
    this.#made.set(made.stored.id, made);
    return made.text;
  }

  revoke(text: string): void {
    for (const [id, made] of this.#made) if (made.text === text) this.#made.delete(id);
  }

  /** Gives the key other scopes. */
  rescope(text: string, scopes: readonly Scope[]): void {
    for (const [id, made] of this.#made) {
      if (made.text === text) this.#made.set(id, { ...made, stored: { ...made.stored, scopes } });
    }
  }

  /** As records have it. */
  callerOf(text: string): string {
    return (
      this.authenticate.again(`key:${[...this.#made].find(([, made]) => made.text === text)?.[0]}`)?.id ?? ""
    );
  }

  get authenticate() {
    const stored = () => [...this.#made.values()].map((made) => made.stored);
    return createAuthenticate({
      isOpen: () => false,
      find: (text) => stored().find((key) => isKey(text, key)),
      live: (id) => stored().find((key) => key.id === id),
    });
  }
}

export async function openAdminRig(
  options: RigOptions = {},
): Promise<{ readonly rig: Rig; readonly keys: Keys }> {
  const keys = new Keys();
  return { keys, rig: await openRig({ authenticate: keys.authenticate, ...options }) };
}

/** A gateway on the same engine, as after a restart with other settings. Browsers keep their cookies. */
export async function restarted(
  rig: Rig,
  settings: Pick<GatewayOptions, "admin" | "authenticate">,
  publicUrl = rig.url,
): Promise<Pick<Rig, "call"> & AsyncDisposable> {
  const gateway = await startGateway({
    ...settings,
    durable: rig.durable,
    ledger: ledgerIn(rig.engine),
    log: pino({ level: "silent" }),
    host: "127.0.0.1",
    port: 0,
    publicUrl,
    keys: [{ kid: "k1", secret: SECRET }],
    signingKeys: TEST_SIGNING_KEYS,
    mailbox: undefined,
    callbackUrlProblem,
  });
  return {
    async call(path, init) {
      const headers = new Headers(init?.headers);
      headers.set("connection", "close");
      const answer = await fetch(new URL(path, gateway.url), { redirect: "manual", ...init, headers });
      const { status } = answer;
      return { status, headers: answer.headers, text: await answer.text(), body: {}, result: "" };
    },
    [Symbol.asyncDispose]: () => gateway.close(),
  };
}

/** The same person's browser, at another gateway. */
export function browserAt(there: Pick<Rig, "call">, browser: TestBrowser): TestBrowser {
  const same = new TestBrowser(there);
  for (const [name, value] of browser.cookies) same.cookies.set(name, value);
  return same;
}

/** A browser in which the holder of the key is signed in. */
export async function enters(rig: Rig, key: string): Promise<TestBrowser> {
  const browser = new TestBrowser(rig);
  await browser.get("/admin/sign-in");
  expect(await browser.post("/admin/sign-in", { key })).toMatchObject({ status: 303, location: "/admin" });
  return browser;
}
