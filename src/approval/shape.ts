/** Derives from a schema of input how its values are read back, shown and compared. */
import { z } from "zod";

/** Facts that a schema does not contain. All are optional: most follow from the schema's type. */
interface Facets {
  /** The schema of what comes out, where that is not what goes in. */
  readonly is?: unknown;
  /** Name of the shape in the API's description of responses. */
  readonly name?: string;
  /** A lower bound for a number, or for an array's items, that stored values must keep too: one approver, for instance. */
  readonly min?: number;
  /** What was stored must keep the schema's rules, too, because code computes with the value. They may only get looser. */
  readonly keeps?: true;
  /** Equal for texts that mean the same. Without it texts are compared character by character. */
  readonly meaning?: (text: string) => string;
}

export const facets = z.registry<Facets>();

/** Read-only, all the way down. */
export type Frozen<T> = T extends readonly (infer E)[]
  ? readonly Frozen<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/**
 * Reads values that passed the schema once: types and members are checked and rules are not, so that what was accepted
 * stays readable when the rules for new values become stricter. Members that are not known are left out.
 */
export function storedShape(schema: z.ZodType): z.ZodType {
  return shapeOf(schema, STORED);
}

const STORED: Making = {
  of: (schema) => (facets.get(schema)?.keeps === true ? schema : storedShape(schema)),
  object: (members) => z.object(members),
  defaulted: (inner, value) => inner.default(value),
};

/** The same as responses show it: under its own name, and with every member known. */
export function shownShape(schema: z.ZodType): z.ZodType {
  const shown = SHOWN_BEFORE.get(schema) ?? shapeOf(schema, SHOWN);
  SHOWN_BEFORE.set(schema, shown);
  return shown;
}

/** A name in the API's description belongs to one schema. */
const SHOWN_BEFORE = new Map<z.ZodType, z.ZodType>();

/** The members of an object as responses show them; their output has the types of the original schema. */
export function shownMembers<T extends Record<string, z.ZodType>>(schema: z.ZodObject<T>): T {
  return mapped(Object.entries<z.ZodType>(schema.shape), shownShape) as unknown as T;
}

const SHOWN: Making = {
  of: shownShape,
  object: (members, name) => {
    const shown = z.strictObject(members);
    return name === undefined ? shown : shown.meta({ id: name });
  },
  defaulted: (inner) => inner,
};

interface Making {
  readonly of: (schema: z.ZodType) => z.ZodType;
  readonly object: (members: Record<string, z.ZodType>, name: string | undefined) => z.ZodType;
  readonly defaulted: (inner: z.ZodType, value: unknown) => z.ZodType;
}

function shapeOf(schema: z.ZodType, making: Making): z.ZodType {
  const { is, name, min } = facets.get(schema) ?? {};
  if (is instanceof z.ZodType) return making.of(is);
  if (schema instanceof z.ZodObject) {
    const members = Object.entries<z.ZodType>(schema.shape);
    return making.object(mapped(members, making.of), name);
  }
  if (schema instanceof z.ZodExactOptional) return z.exactOptional(making.of(innerOf(schema)));
  if (schema instanceof z.ZodDefault) {
    return making.defaulted(making.of(innerOf(schema)), schema.def.defaultValue);
  }
  if (schema instanceof z.ZodArray) {
    const array = z.array(making.of(schema.element as z.ZodType));
    return min === undefined ? array : array.min(min);
  }
  if (schema instanceof z.ZodUnion) {
    return z.union(schema.options.map((option) => making.of(option as z.ZodType)));
  }
  if (schema instanceof z.ZodRecord) return z.record(z.string(), making.of(schema.valueType as z.ZodType));
  if (schema instanceof z.ZodString) return z.string();
  if (schema instanceof z.ZodNumber) {
    const number = schema.isInt ? z.int() : z.number();
    return min === undefined ? number : number.min(min);
  }
  if (AS_THEY_ARE.some((kind) => schema instanceof kind)) return schema;
  throw new TypeError(`Cannot tell how to read back what a schema of type ${schema.def.type} accepts`);
}

const AS_THEY_ARE = [z.ZodEnum, z.ZodLiteral, z.ZodBoolean, z.ZodUnknown];

/** The value in a form that is equal for all values of the same meaning. Only texts change. */
export function meaning(schema: z.ZodType, value: unknown): unknown {
  const { is, meaning: sameFor } = facets.get(schema) ?? {};
  if (is instanceof z.ZodType) return meaning(is, value);
  if (schema instanceof z.ZodExactOptional || schema instanceof z.ZodDefault) {
    return meaning(innerOf(schema), value);
  }
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item) => meaning(schema.element as z.ZodType, item));
  }
  if (schema instanceof z.ZodObject && typeof value === "object" && value !== null) {
    const shape = schema.shape as Readonly<Record<string, z.ZodType>>;
    return mapped(Object.entries(value), (member, name) => {
      const of = shape[name];
      return of === undefined ? member : meaning(of, member);
    });
  }
  if (schema instanceof z.ZodRecord && typeof value === "object" && value !== null) {
    return mapped(Object.entries(value), (member) => meaning(schema.valueType as z.ZodType, member));
  }
  return typeof value === "string" && sameFor !== undefined ? sameFor(value) : value;
}

function innerOf(schema: z.ZodExactOptional | z.ZodDefault): z.ZodType {
  return schema.def.innerType as z.ZodType;
}

function mapped<T, U>(
  entries: readonly (readonly [string, T])[],
  to: (value: T, name: string) => U,
): Record<string, U> {
  return Object.fromEntries(entries.map(([name, value]) => [name, to(value, name)]));
}
