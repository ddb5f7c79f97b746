import { join } from "node:path";
import { argv, hrtime } from "node:process";
import { changeKeys } from "../../src/auth/key-file.ts";
import { readOrCreateSecretFile } from "../../src/lib/secret-file.ts";

/** A process that makes keys in new folders below the one given. It prints what each file must contain, and from when on. */
const [, , folder = ""] = argv;
const say = (file: string, text: string) =>
  console.log(JSON.stringify({ file, text, at: String(hrtime.bigint()) }));

say(
  "data/token-keys",
  readOrCreateSecretFile(join(folder, "data/token-keys"), () => "k1:secret"),
);

const SIGNING = "sign:secret,log:secret";
say(
  "data/signing-keys",
  readOrCreateSecretFile(join(folder, "data/signing-keys"), () => SIGNING),
);

const key = { client: "erp", scopes: [], sha256: "A".repeat(43), createdAt: "2026-11-30T12:00:00.000Z" };
for (const id of ["aaaaaaaa", "bbbbbbbb", "cccccccc"]) {
  await changeKeys(join(folder, "keys/api-keys.json"), (keys) => ({
    keys: [...keys, { ...key, id }],
    result: 0,
  }));
  say("keys/api-keys.json", id);
}
