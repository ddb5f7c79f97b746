/**
 * Arguments that an approver may change. The action's schema marks them with `"x-countersign-editable": true`, each with
 * everything within. All else must stay as it was proposed. An edited action is a changed question,
 * so people who had agreed are asked again.
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
    const next = parts.flatMap((part) => within(part, name));
    parts = [...new Set(next.flatMap((part) => partsOf(part, schema)))];
  }
  return parts.some(isMarked);
}

function isMarked(schema: Arguments): boolean {
  return schema[MARK] === true;
}

/** The schema itself and those that hold for the same value: by reference, and of `allOf`. Each once, so that none multiplies. */
function partsOf(schema: unknown, root: Arguments): readonly Arguments[] {
  const parts = new Set<Arguments>();
  const open: unknown[] = [schema];
  while (open.length > 0) {
    const part = open.pop();
    if (!isRecord(part) || parts.has(part)) continue;
    parts.add(part);
    if (typeof part["$ref"] === "string") open.push(referredTo(root, part["$ref"]));
    open.push(...listOf(part["allOf"]));
  }
  return [...parts];
}

function referredTo(root: Arguments, ref: string): unknown {
  const pointer = decoded(ref.slice(1));
  let at: unknown = root;
  for (const name of pointer?.split("/").slice(1) ?? []) {
    const member = name.replaceAll("~1", "/").replaceAll("~0", "~");
    at =
      typeof at === "object" && at !== null && Object.hasOwn(at, member)
        ? Reflect.get(at, member)
        : undefined;
  }
  return pointer === undefined || (pointer !== "" && !pointer.startsWith("/")) ? undefined : at;
}

/** Undefined for what is no fragment of a URI. */
function decoded(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
}

/** What a schema says of one member or item of its value. A mark that patterns may overrule is none. */
function within(schema: Arguments, name: string | number): readonly unknown[] {
  const { properties, patternProperties, additionalProperties, prefixItems, items } = schema;
  if (typeof name === "number") return [listOf(prefixItems)[name] ?? items];
  if (isRecord(properties) && Object.hasOwn(properties, name)) return [properties[name]];
  return patternProperties === undefined ? [additionalProperties] : [];
}

export type Edited =
  | { readonly ok: true; readonly content: Content }
  | {
      readonly ok: false;
      /** By JSON Pointer from `/arguments` on. */
      readonly problems: readonly FieldProblem[];
      /** The number of the item that they are about. */
      readonly item: number | undefined;
    };

export interface Edit {
  readonly arguments: unknown;
  /** From 1, where the request has items. */
  readonly item?: number | undefined;
}

/** The content after all of these edits. They are checked together, in the time and within the limits of one request. */
export function edited(content: Content, edits: readonly Edit[]): Edited {
  let next = content;
  for (const edit of edits) {
    const placed = placedIn(next, edit);
    if (!placed.ok) return placed;
    next = placed.content;
  }
  const { action, items } = next;
  const [first, ...others] = actionsProblems(items === undefined ? { action } : { items });
  if (first !== undefined) {
    const at = AT.exec(first.field)?.[0];
    const same = at === undefined ? [] : others.filter(({ field }) => AT.exec(field)?.[0] === at);
    const problems = [first, ...same].map(({ field, message }) => ({
      field: field.replace(AT, ""),
      message,
    }));
    return { ok: false, problems, item: numberIn(at) };
  }
  for (const { arguments: given, item } of edits) {
    const before = actionOf(content, item);
    const problems = before === undefined ? [] : keptProblems(before, given);
    if (problems.length > 0) return { ok: false, problems, item };
  }
  return { ok: true, content: next };
}

/** Where an action is, in problems of a request that has nothing else: no other name begins like these. */
const AT = /^\/(?:action|items\/\d+)/u;

function numberIn(at: string | undefined): number | undefined {
  const [, index] = /\/items\/(\d+)/u.exec(at ?? "") ?? [];
  return index === undefined ? undefined : Number(index) + 1;
}

function actionOf({ action, items }: Content, item: number | undefined): Action | undefined {
  return item === undefined ? action : items?.[item - 1];
}

function placedIn(content: Content, { arguments: given, item }: Edit): Edited {
  const refused = (field: string, message: string) =>
    ({ ok: false, problems: [{ field, message }], item }) as const;
  const action = actionOf(content, item);
  if (action === undefined) {
    return refused(
      "item",
      content.items === undefined
        ? "must be left out"
        : `must be the number of an item, from 1 to ${content.items.length}`,
    );
  }
  if (action.standing !== undefined) {
    return refused("arguments", "must be left out: a standing approval has limits, which nobody may change");
  }
  if (!isRecord(given)) return refused("arguments", "must be an object");
  const next = { ...action, arguments: given };
  if (item === undefined) return { ok: true, content: { ...content, action: next } };
  return {
    ok: true,
    content: { ...content, items: content.items?.map((each, i) => (i === item - 1 ? next : each)) ?? [] },
  };
}

/** What was changed though nobody may. */
function keptProblems(action: Action, given: unknown): readonly FieldProblem[] {
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
