/** The form by which an approver changes arguments: one control for each value that the action's schema marks. */
import type { Request, Response } from "express";
import { NOTE_CHARS_MAX } from "../../approval/act-requests.ts";
import { ACTION_LIMITS, type Action } from "../../approval/action-schema.ts";
import { type ArgumentRow, argumentRows } from "../../approval/argument-rows.ts";
import { isEditableAt } from "../../approval/editing.ts";
import { actionsOf } from "../../approval/items.ts";
import { pointer } from "../../approval/pointer.ts";
import { isRecord } from "../../approval/raw-input.ts";
import type { ApprovalRequest } from "../../approval/schema.ts";
import { parseInteroperableJson } from "../../lib/exact-json.ts";
import { repeatedNames } from "../../lib/repeated-names.ts";
import { type ActField, type ActForm, judgeActForm } from "./act-form.ts";
import { formReader } from "./posted-form.ts";

/** Why everybody is asked again. */
export const NOTE_FIELD: ActField = {
  name: "note",
  kind: "lines",
  charsMax: NOTE_CHARS_MAX,
  isRequired: false,
};

/** A value that can be changed. */
export interface EditRow extends ArgumentRow {
  /** Of its control. */
  readonly name: string;
  /** Number of its item, where the request has items. */
  readonly item: number | undefined;
  readonly current: unknown;
}

type Acting = Pick<ApprovalRequest, "action" | "items">;

/** Every value that can be changed, in the order of the page. */
export function editRows(request: Acting): readonly EditRow[] {
  return actionsOf(request).flatMap((action, i) =>
    argumentRows(action.arguments ?? {}).flatMap((row, r) => {
      if (!isEditableAt(action, row.path)) return [];
      const item = request.items === undefined ? undefined : i + 1;
      return [{ ...row, item, name: `argument.${i}.${r}`, current: valueAt(action.arguments, row.path) }];
    }),
  );
}

export interface EditForm extends ActForm {
  /** The arguments of each action of which something was changed. */
  readonly edits: readonly { readonly item: number | undefined; readonly arguments: Action["arguments"] }[];
  /** Names of the controls whose text is no value. */
  readonly wrong: ReadonlySet<string>;
}

/** Room for all arguments, of characters that take nine bytes each. */
const readPosted = formReader({ bytesMax: 512 * 1024, controlsMax: ACTION_LIMITS.valuesMax + 8 });

/** @throws the parser's errors, with `status` 400, 413 or 415 */
export async function readEditForm(req: Request, res: Response, request: Acting): Promise<EditForm> {
  const posted = await readPosted(req, res);
  const form = judgeActForm(posted, [NOTE_FIELD]);
  const values = new Map(form.values);
  const wrong = new Set<string>();
  const changed = new Map<number | undefined, Action["arguments"]>();
  for (const row of editRows(request)) {
    const text = posted.text(row.name)?.replaceAll("\r\n", "\n");
    if (text === undefined) continue;
    values.set(row.name, text);
    const read = valueIn(text, row);
    if (read === undefined) wrong.add(row.name);
    else if (text !== row.value) {
      const action = row.item === undefined ? request.action : request.items?.[row.item - 1];
      const before = changed.get(row.item) ?? action?.arguments ?? {};
      changed.set(row.item, withValue(before, row.path, read.value) as Action["arguments"]);
    }
  }
  const edits = [...changed].map(([item, given]) => ({ item, arguments: given }));
  return { ...form, values, edits, wrong };
}

/**
 * A text that was shown as it is stays a text, whatever it says; all else is JSON. Undefined if it is none that all
 * programs read alike.
 */
function valueIn(text: string, { value: shown, current }: EditRow): { readonly value: unknown } | undefined {
  if (text === shown) return { value: current };
  if (current === shown) return { value: text };
  try {
    const value = parseInteroperableJson(text);
    return repeatedNames(text).length === 0 ? { value } : undefined;
  } catch {
    return undefined;
  }
}

function valueAt(root: unknown, path: ArgumentRow["path"]): unknown {
  return path.reduce<unknown>(
    (at, name) => (typeof at === "object" && at !== null ? (at as Record<string, unknown>)[name] : undefined),
    root,
  );
}

/** A copy with another value at this place, which must be there. */
function withValue(root: unknown, [name, ...rest]: ArgumentRow["path"], value: unknown): unknown {
  if (name === undefined) return value;
  if (Array.isArray(root)) return root.map((each, i) => (i === name ? withValue(each, rest, value) : each));
  if (!isRecord(root)) return root;
  return Object.fromEntries(
    Object.entries(root).map(([key, each]) => [key, key === name ? withValue(each, rest, value) : each]),
  );
}

/** The controls that these problems are about, by JSON Pointer from `/arguments` on. */
export function rowsAt(
  rows: readonly EditRow[],
  { item, fields }: { readonly item: number | undefined; readonly fields: readonly string[] },
): ReadonlySet<string> {
  const hit = rows.filter((row) => {
    const place = `/arguments${row.path.map((name) => `/${pointer(String(name))}`).join("")}`;
    return row.item === item && fields.some((field) => field === place || field.startsWith(`${place}/`));
  });
  return new Set(hit.map(({ name }) => name));
}
