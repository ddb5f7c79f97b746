/**
 * Names that stand more than once in one object of a JSON text. `JSON.parse` takes the last of them, other readers take the
 * first or both (RFC 8259, section 4), so two programs see different values. RFC 7493, section 2.3, and RFC 8785 forbid them.
 */
import { endOfText } from "./exact-json.ts";

interface Open {
  /** Those that were read so far; undefined in an array. */
  readonly names: Set<string> | undefined;
  /** Of the member or item that is being read. */
  at: string | number;
  /** Whether a text that comes next is a name. */
  isNameNext: boolean;
}

/**
 * JSON Pointers of the first few members whose names stood before.
 *
 * @param json valid, and of bounded depth
 */
export function repeatedNames(json: string): readonly string[] {
  const found: string[] = [];
  const open: Open[] = [];
  for (let i = 0; i < json.length && found.length < FOUND_MAX; i += 1) {
    const inner = open.at(-1);
    switch (json[i]) {
      case "{":
        open.push({ names: new Set(), at: "", isNameNext: true });
        break;
      case "[":
        open.push({ names: undefined, at: 0, isNameNext: false });
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case ",":
        if (typeof inner?.at === "number") inner.at += 1;
        else if (inner !== undefined) inner.isNameNext = true;
        break;
      case '"': {
        const end = endOfText(json, i + 1);
        if (inner?.isNameNext === true) {
          inner.at = nameIn(json.slice(i, end));
          inner.isNameNext = false;
          if (inner.names?.has(inner.at) === true) found.push(placeOf(open));
          inner.names?.add(inner.at);
        }
        i = end - 1;
        break;
      }
      default:
        // Blanks, and values that have no members.
        break;
    }
  }
  return found;
}

/** More would not help to find the fault. */
const FOUND_MAX = 20;
/** Names are the caller's, and an answer that repeats them stays small. */
const NAME_CHARS_MAX = 200;

/** `"a"` and `"\u0061"` are one name. */
function nameIn(quoted: string): string {
  return quoted.includes("\\") ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
}

function placeOf(open: readonly Open[]): string {
  return open.map(({ at }) => `/${shortened(String(at))}`).join("");
}

function shortened(name: string): string {
  const short = name.length <= NAME_CHARS_MAX ? name : `${name.slice(0, NAME_CHARS_MAX - 1)}…`;
  return short.replaceAll("~", "~0").replaceAll("/", "~1");
}
