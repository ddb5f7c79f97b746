import type { StoredKey } from "../auth/key.ts";
import { CLIENT_CHARS_MAX } from "../auth/key.ts";
import { readKeys } from "../auth/key-file.ts";
import { lastUsedAt } from "../auth/last-used.ts";
import { createKey, KeyRefusal, type MadeKey, revokeKey, rotateKey } from "../auth/manage-keys.ts";
import { isScope, SCOPES, type Scope } from "../auth/scopes.ts";
import { isMailAddress } from "../lib/mail-address.ts";
import {
  type Cli,
  type Command,
  CommandFailure,
  EXIT,
  type ExitCode,
  parseWords,
  refuseOthers,
  UsageError,
} from "./command.ts";

export const keys: Command = {
  help: `Usage: countersign keys create --name CLIENT --scope SCOPE… [--owner ADDRESS] [--json]
       countersign keys list [--json]
       countersign keys rotate ID [--json]
       countersign keys revoke ID [--json]

API keys are in API_KEYS_FILE (default: api-keys.json in DATA_DIR). Gateways notice every change at the next call,
without a restart. The first key closes the API to everyone without a key.

  create   Creates a key for the program CLIENT. The key is shown once; only its hash is stored
  list     Shows every key with its client, scopes and last use, to the minute
  rotate   Creates a second key for the program that has the key ID. Both work until you revoke one
  revoke   Ends the key ID at once, for good

Options:
  --name CLIENT   The program that uses the key: 1 to ${CLIENT_CHARS_MAX} characters
  --owner ADDRESS Mail address of the person who answers for the program. They are the requester of what it asks,
                  which can name nobody else, so they cannot approve it
  --scope SCOPE   What the key may do; repeat the option for more, or separate scopes with commas:
${Object.entries(SCOPES)
  .map(([scope, meaning]) => `                    ${scope.padEnd(18)} ${meaning}`)
  .join("\n")}
  --json          Print JSON, even on a terminal

Exits 0; 3 when there is no valid key ID; 6 when the program already has the maximum number of keys.

Example:
  countersign keys create --name billing --scope approvals:create --scope approvals:read
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, {
      name: { type: "string" },
      owner: { type: "string" },
      scope: { type: "string", multiple: true },
    });
    const [action, ...words] = positionals;
    const store = { file: cli.config.apiKeys.file, clock: cli.clock };
    try {
      switch (action) {
        case "create":
          refuseWords(words);
          return printMade(
            cli,
            values,
            noted(
              cli,
              "key.create",
              await createKey(store, {
                client: parseClient(values.name),
                scopes: parseScopes(values.scope ?? []),
                ...parseOwner(values.owner),
              }),
            ),
          );
        case "rotate":
          refuseOthers(action, values, []);
          return printMade(cli, values, noted(cli, "key.rotate", await rotateKey(store, parseId(words))));
        case "revoke":
          refuseOthers(action, values, []);
          return printKey(cli, values, revoked(cli, await revokeKey(store, parseId(words))));
        case "list":
          refuseOthers(action, values, []);
          refuseWords(words);
          return printList(cli, values);
        default:
          throw new UsageError("Say what to do: create, list, rotate or revoke");
      }
    } catch (error) {
      if (!(error instanceof KeyRefusal)) throw error;
      throw new CommandFailure(error.isUnknown ? EXIT.notFound : EXIT.conflict, error.message);
    }
  },
};

/** Writes down that there is a key, which may do what its scopes say. */
function noted(cli: Cli, what: "key.create" | "key.rotate", made: MadeKey): MadeKey {
  const { id, client, scopes } = made.stored;
  cli.record({
    what,
    about: id,
    client,
    scopes: scopes.join(" "),
    outcome: "done",
  });
  return made;
}

function revoked(cli: Cli, stored: StoredKey): StoredKey {
  cli.record({
    what: "key.revoke",
    about: stored.id,
    client: stored.client,
    outcome: "done",
  });
  return stored;
}

interface Shown {
  readonly json?: boolean | undefined;
}

function parseClient(name: string | undefined): string {
  const isSound = name !== undefined && name !== "" && Array.from(name).length <= CLIENT_CHARS_MAX;
  if (isSound && !/\p{Cc}/u.test(name) && name.trim() === name) return name;
  throw new UsageError(`--name must be 1 to ${CLIENT_CHARS_MAX} characters, without blanks around them`);
}

function parseOwner(given: string | undefined): { readonly owner?: string } {
  if (given === undefined) return {};
  const owner = given.trim();
  if (isMailAddress(owner)) return { owner };
  throw new UsageError("--owner must be one plain mail address, such as ana@example.com");
}

function parseScopes(given: readonly string[]): readonly Scope[] {
  const scopes = given.flatMap((text) => text.split(",")).map((text) => text.trim());
  const known = scopes.filter(isScope);
  const unknown = scopes.find((scope) => !isScope(scope));
  if (unknown !== undefined || known.length === 0) {
    const not = unknown === undefined ? "" : `, not ${unknown}`;
    throw new UsageError(`--scope must be one of ${Object.keys(SCOPES).join(", ")}${not}`);
  }
  return [...new Set(known)];
}

function parseId([id, ...others]: readonly string[]): string {
  if (id === undefined) throw new UsageError("ID is missing: countersign keys list shows them");
  refuseWords(others);
  // The key itself is accepted in place of its id, and never printed.
  return /^apv_([a-z0-9]{8})_/.exec(id)?.[1] ?? id;
}

function refuseWords(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`What is ${words.join(" ")}?`);
}

function printMade(cli: Cli, shown: Shown, { text, stored }: MadeKey): ExitCode {
  const value = { ...described(cli, stored), key: text };
  cli.print(
    value,
    () =>
      `${text}\n\nThe key ${stored.id} of ${stored.client} (${stored.scopes.join(", ")}). It is not shown again.`,
    shown,
  );
  return EXIT.ok;
}

function printKey(cli: Cli, shown: Shown, stored: StoredKey): ExitCode {
  cli.print(described(cli, stored), () => line(cli, stored), shown);
  return EXIT.ok;
}

function printList(cli: Cli, shown: Shown): ExitCode {
  const stored = readKeys(cli.config.apiKeys.file);
  const none = "There are no keys: the API is open to all programs on this machine";
  cli.print(
    { keys: (stored ?? []).map((key) => described(cli, key)) },
    () => (stored === undefined ? none : stored.map((key) => line(cli, key)).join("\n")),
    shown,
  );
  return EXIT.ok;
}

function described(cli: Cli, { id, client, scopes, owner, createdAt, revokedAt }: StoredKey) {
  const usedAt = lastUsedAt(cli.config.apiKeys.usedFolder, id);
  return {
    id,
    client,
    scopes,
    ...(owner === undefined ? {} : { owner }),
    createdAt,
    lastUsedAt: usedAt === undefined ? null : new Date(usedAt).toISOString(),
    revokedAt: revokedAt ?? null,
  };
}

function line(cli: Cli, key: StoredKey): string {
  const { id, client, scopes, owner, lastUsedAt: usedAt, revokedAt } = described(cli, key);
  const state = revokedAt === null ? `used ${usedAt ?? "never"}` : `revoked ${revokedAt}`;
  const whose = owner === undefined ? client : `${client} of ${owner}`;
  return `${id}  ${whose}  ${scopes.join(",")}  ${state}`;
}
