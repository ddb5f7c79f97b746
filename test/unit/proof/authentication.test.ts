import { expect, test } from "vitest";
import type { Decision } from "../../../src/approval/approval.ts";
import { authenticationOf } from "../../../src/proof/authentication.ts";

const decision: Decision = {
  kind: "decision",
  choice: "approve",
  by: "ana@example.com",
  door: "mail",
  nonce: "n",
};

test.each<[Partial<Decision>, ReturnType<typeof authenticationOf>]>([
  [{ door: "mail" }, { method: "mail-link" }],
  [{ door: "inbox" }, { method: "session" }],
  [{ door: "inbox", signedInBy: "mail" }, { method: "session-by-mail" }],
  [{ door: "inbox", signedInBy: "passkey" }, { method: "session-by-passkey" }],
  [
    { door: "api", caller: "key:k7m2p9xw", client: "billing" },
    { method: "api-key", name: "billing" },
  ],
  [
    { door: "api", caller: "key:k7m2p9xw" },
    { method: "api-key", name: "k7m2p9xw" },
  ],
  [{ door: "api", caller: "person:abc", client: "person:abc" }, { method: "person-token" }],
  [{ door: "api", caller: "open" }, { method: "none" }],
  [
    { door: "api", caller: "operator:Olga" },
    { method: "operator", name: "Olga" },
  ],
  [{ door: "api", caller: "operator" }, { method: "command-line" }],
  [
    { door: "webhook", caller: "slack" },
    { method: "webhook", name: "slack" },
  ],
])("%j is told as %j", (more, expected) => {
  expect(authenticationOf({ ...decision, ...more })).toEqual(expected);
});
