/** A gateway with keys, and browsers of operators. */
import { expect } from "vitest";
import { createAuthenticate } from "../../../../src/auth/authenticate.ts";
import { isKey, makeKey } from "../../../../src/auth/key.ts";
import type { Scope } from "../../../../src/auth/scopes.ts";
import { TestBrowser } from "../inbox/browser.ts";
import { openRig, type Rig, type RigOptions } from "../rig.ts";

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

/** A browser in which the holder of the key is signed in. */
export async function enters(rig: Rig, key: string): Promise<TestBrowser> {
  const browser = new TestBrowser(rig);
  await browser.get("/admin/sign-in");
  expect(await browser.post("/admin/sign-in", { key })).toMatchObject({ status: 303, location: "/admin" });
  return browser;
}
