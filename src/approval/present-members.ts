import { z } from "zod";

/** Which members are there is a caller's choice. Further combinations are read by the whole schema. */
const COMBINATIONS_MAX = 64;

/** A schema's optional members, and by which of them are there, the schema without the others. */
interface Narrowed {
  readonly shape: z.ZodRawShape;
  readonly optional: readonly string[];
  readonly schemas: Map<string, z.ZodType>;
}

const NARROWED = new WeakMap<z.ZodType, Narrowed | undefined>();

/**
 * `schema.safeParse(value)`, without a look at each optional member that is absent. Zod tries these, too: it makes the messages that
 * describe why nothing is no object, and drops them. A request has 26 members, of which callers send ten.
 */
export function parsePresent<T>(schema: z.ZodType<T>, value: unknown): z.ZodSafeParseResult<T> {
  return narrowTo(schema, value).safeParse(value);
}

function narrowTo<T>(schema: z.ZodType<T>, value: unknown): z.ZodType<T> {
  if (typeof value !== "object" || value === null) return schema;
  let narrowed = NARROWED.get(schema);
  if (narrowed === undefined && !NARROWED.has(schema)) {
    narrowed = narrowedOf(schema);
    NARROWED.set(schema, narrowed);
  }
  if (narrowed === undefined) return schema;
  const { shape, optional, schemas } = narrowed;
  let combination = "";
  for (const name of optional) combination += name in value ? "1" : "0";
  const known = schemas.get(combination);
  if (known !== undefined) return known as z.ZodType<T>;
  if (schemas.size === COMBINATIONS_MAX) return schema;
  const absent = new Set(optional.filter((name) => !(name in value)));
  // In the order of the whole, which is that of what is read.
  const present = Object.keys(shape).filter((name) => !absent.has(name));
  const made = (schema as unknown as z.ZodObject).pick(
    Object.fromEntries(present.map((name) => [name, true])) as Record<string, true>,
  );
  schemas.set(combination, made);
  return made as unknown as z.ZodType<T>;
}

/** Undefined if the schema is no plain object, or checks several members together. */
function narrowedOf(schema: z.ZodType): Narrowed | undefined {
  if (!(schema instanceof z.ZodObject) || (schema.def.checks ?? []).length > 0) return undefined;
  const { shape } = schema;
  const optional = Object.keys(shape).filter((name) => (shape[name] as z.ZodType).def.type === "optional");
  return optional.length === 0 ? undefined : { shape, optional, schemas: new Map() };
}
