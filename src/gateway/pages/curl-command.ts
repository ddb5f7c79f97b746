/** A call of the API as a command for a shell, from its description. */
import type { Operation, Parameter } from "../../openapi/operation.ts";

/**
 * The key comes from the variable `COUNTERSIGN_KEY`, so that it is in no history of commands.
 *
 * @param origin of the service, as `https://approvals.example.com`
 */
export function curlCommand(operation: Operation, origin: string): string {
  const { method, scope, body, parameters = [] } = operation;
  const lines = [`curl ${quoted(origin + addressOf(operation))}`];
  if (scope !== "none") lines.push(`-H "Authorization: Bearer $COUNTERSIGN_KEY"`);
  for (const { name, example } of parameters.filter(isShown))
    lines.push(`-H ${quoted(`${name}: ${String(example)}`)}`);
  if (body?.example !== undefined && body.type !== BYTES) {
    lines.push(`-H 'Content-Type: ${body.type ?? "application/json"}'`);
    lines.push(`-d ${quoted(JSON.stringify(body.example, null, 2))}`);
  } else if (method === "post") lines.push("-X POST");
  return lines.join(" \\\n  ");
}

const BYTES = "application/octet-stream";

function isShown({ in: place, example }: Parameter): boolean {
  return place === "header" && example !== undefined;
}

function addressOf({ path, parameters = [] }: Operation): string {
  const given = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const filled = path.replaceAll(/\{(\w+)\}/gu, (_, name: string) =>
    encodeURIComponent(String(given.get(name)?.example ?? name.toUpperCase())),
  );
  const query = new URLSearchParams();
  for (const { name, in: place, required, example } of parameters) {
    if (place === "query" && (required === true || example !== undefined))
      query.set(name, String(example ?? name.toUpperCase()));
  }
  return query.size === 0 ? filled : `${filled}?${query.toString()}`;
}

/** For a POSIX shell: within single quotes nothing has a meaning but the quote itself. */
function quoted(words: string): string {
  return `'${words.replaceAll("'", `'\\''`)}'`;
}
