/**
 * Arguments that an approver may change. The action's schema marks them with `"x-countersign-editable": true`, each with
 * everything within. All else must stay as it was proposed. An edited action is a changed question: whoever had agreed is asked again.
 */
import { canonicalText } from "../lib/canonical-hash.ts";
import type { FieldProblem } from "../lib/errors.ts";
import { actionsProblems } from "./action-problems.ts";
import type { Action } from "./action-schema.ts";
import type { Content } from "./approval.ts";
import { differencesOf } from "./differences.ts";
import { actionsOf } from "./items.ts";
import { isRecord, listOf } from "./raw-input.ts";
import type { ApprovalRequest } from "./schema.ts";

const MARK = "x-countersign-editable";
/** References that are followed from one place to the next: more than any schema needs, and an end to circles. */
const REFERENCES_MAX = 32;

type Arguments = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

/** Whether an approver may change anything of the request's action, or of one of its items. */
export function isEditable(request: Pick<ApprovalRequest, "action" | "items">): boolean {
  return actionsOf(request).some(({ schema }) => schema !== undefined && hasMark(schema));
}

function hasMark(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(hasMark);
  return isRecord(schema) && (schema[MARK] === true || Object.values(schema).some(hasMark));
}

/** Whether the value at this place of the arguments may be changed. */
export function isEditableAt({ schema }: Pick<Action, "schema">, path: Path): boolean {
  if (schema === undefined) return false;
  let parts = partsOf(schema, schema);
  for (const name of path) {
    if (parts.some(isMarked)) return true;
    parts = parts.flatMap((part) => within(part, name)).flatMap((part) => partsOf(part, schema));
  }
  return parts.some(isMarked);
}

function isMarked(schema: Arguments): boolean {
  return schema[MARK] === true;
}

/** The schema itself and those that hold for the same value: by reference, and of `allOf`. */
function partsOf(schema: unknown, root: Arguments, depth = 0): readonly Arguments[] {
  if (!isRecord(schema) || depth > REFERENCES_MAX) return [];
  const { $ref, allOf } = schema;
  const others = [...(typeof $ref === "string" ? [referredTo(root, $ref)] : []), ...listOf(allOf)];
  return [schema, ...others.flatMap((other) => partsOf(other, root, depth + 1))];
}

function referredTo(root: Arguments, ref: string): unknown {
  const names = decodeURIComponent(ref.replace(/^#/u, "")).split("/").slice(1);
  let at: unknown = root;
  for (const name of names) {
    const member = name.replaceAll("~1", "/").replaceAll("~0", "~");
    at =
      isRecord(at) && Object.hasOwn(at, member)
        ? at[member]
        : Array.isArray(at)
          ? at[Number(member)]
          : undefined;
  }
  return at;
}

/** What a schema says of one member or item of its value. */
function within(
  { properties, additionalProperties, prefixItems, items }: Arguments,
  name: string | number,
): readonly unknown[] {
  if (typeof name === "number") return [listOf(prefixItems)[name] ?? items];
  return [isRecord(properties) && Object.hasOwn(properties, name) ? properties[name] : additionalProperties];
}

export type Edited =
  | { readonly ok: true; readonly content: Content }
  /** By JSON Pointer from `/arguments` on. */
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** @param item its number, from 1, where the request has items */
export function edited(content: Content, given: unknown, item: number | undefined): Edited {
  const action = item === undefined ? content.action : content.items?.[item - 1];
  if (action === undefined) {
    const message =
      content.items === undefined
        ? "must be left out"
        : `must be the number of an item, from 1 to ${content.items.length}`;
    return { ok: false, problems: [{ field: "item", message }] };
  }
  if (!isRecord(given))
    return { ok: false, problems: [{ field: "arguments", message: "must be an object" }] };
  const problems = editProblems(action, given);
  if (problems.length > 0) return { ok: false, problems };
  const next = { ...action, arguments: given };
  if (item === undefined) return { ok: true, content: { ...content, action: next } };
  return {
    ok: true,
    content: { ...content, items: content.items?.map((each, i) => (i === item - 1 ? next : each)) ?? [] },
  };
}

function editProblems(action: Action, given: Arguments): readonly FieldProblem[] {
  const wrong = actionsProblems({ action: { ...action, arguments: given } });
  if (wrong.length > 0)
    return wrong.map(({ field, message }) => ({ field: field.replace(/^\/action/u, ""), message }));
  const [before, after] = [masked(action, action.arguments, []), masked(action, given, [])];
  if (canonicalText(before) === canonicalText(after)) return [];
  const message = "must stay as it was proposed: nobody may change it";
  return differencesOf(before, after).map(({ pointer }) => ({ field: `/arguments${pointer}`, message }));
}

/** The value without what may be changed. */
function masked(action: Action, value: unknown, path: Path): unknown {
  if (isEditableAt(action, path)) return null;
  if (Array.isArray(value)) return value.map((each, i) => masked(action, each, [...path, i]));
  if (!isRecord(value)) return value;
  const members = Object.entries(value).filter(([name]) => !isEditableAt(action, [...path, name]));
  return Object.fromEntries(members.map(([name, member]) => [name, masked(action, member, [...path, name])]));
}
