import { ServiceError } from "./errors.ts";
import { parseInteroperableJson } from "./exact-json.ts";

/**
 * JSON from UTF-8 bytes, at most `depthMax` levels of arrays and objects deep. Numbers that JSON readers would change keep
 * their text (`rawNumber`); code that stores the value refuses them, by field.
 *
 * @param parse another reader of the text, which throws a SyntaxError for what is no JSON
 * @throws ServiceError INVALID_REQUEST that says what is wrong and where
 */
export function parseJson(
  bytes: Buffer,
  depthMax: number,
  parse: (text: string) => unknown = parseInteroperableJson,
): unknown {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    throw new ServiceError("INVALID_REQUEST", "The body is not valid UTF-8");
  }
  if (isDeeperThan(depthMax, text)) {
    throw new ServiceError("INVALID_REQUEST", `The body must not be nested deeper than ${depthMax} levels`);
  }
  try {
    return parse(text);
  } catch (error) {
    const place = /at position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
    const where = place === undefined ? "" : `: something is wrong at character ${Number(place) + 1}`;
    throw new ServiceError("INVALID_REQUEST", `The body is not valid JSON${where}`);
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Counted on the text, before a parser recurses into it. */
function isDeeperThan(depthMax: number, text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === BACKSLASH) i += 1;
      else if (c === QUOTE) inString = false;
    } else if (c === QUOTE) {
      inString = true;
    } else if (c === OPEN_BRACKET || c === OPEN_BRACE) {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (c === CLOSE_BRACKET || c === CLOSE_BRACE) {
      depth -= 1;
    }
  }
  return false;
}

const [QUOTE, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [34, 92, 91, 93, 123, 125];
