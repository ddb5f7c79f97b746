/** The OpenAPI 3.1 document, made from the operations and the schemas that check requests. */
import { z } from "zod";
import { SCOPES } from "../auth/scopes.ts";
import { ERRORS, type ErrorCode } from "../lib/errors.ts";
import { type Body, type Operation, type Parameter, problemsOf, type SuccessResponse } from "./operation.ts";
import { OPERATIONS } from "./operations.ts";
import { problem } from "./schemas.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface Site {
  /** Origin that programs call. */
  readonly url: string;
  readonly version: string;
}

/** The whole document. Its components are the named schemas of requests and responses. */
export function openApiDocument({ url, version }: Site): Json {
  const components = new Components();
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of OPERATIONS) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: describeOperation(operation, components),
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Countersign",
      version,
      summary: "Durable approvals",
      description:
        "A program asks, people decide by a link in a mail, and nothing is lost in between. Refusals are problem documents (RFC 9457); each type is a page of this service.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url }],
    security: [{ key: [] }],
    tags: [...new Set(OPERATIONS.map(({ group }) => group))].map((name) => ({ name })),
    paths,
    components: {
      schemas: components.all(),
      securitySchemes: {
        key: {
          type: "http",
          scheme: "bearer",
          description: `An API key, \`apv_…\`. Scopes: ${Object.entries(SCOPES)
            .map(([scope, meaning]) => `\`${scope}\` (${meaning})`)
            .join(", ")}.`,
        },
      },
    },
  };
}

function describeOperation(operation: Operation, components: Components): Json {
  const { id, group, summary, description, scope, parameters, body, responses } = operation;
  const alternatives = scope === "none" ? [] : [scope].flat();
  return {
    operationId: id,
    tags: [group],
    summary,
    ...(description === undefined ? {} : { description }),
    security: alternatives.map((one) => ({ key: [one] })),
    ...(parameters === undefined
      ? {}
      : { parameters: parameters.map((parameter) => describeParameter(parameter, components)) }),
    ...(body === undefined ? {} : { requestBody: describeBody(body, components) }),
    responses: {
      ...Object.fromEntries(
        Object.entries(responses).map(([status, response]) => [
          status,
          describeResponse(response, components),
        ]),
      ),
      ...describeProblems(operation, components),
    },
  };
}

function describeParameter(parameter: Parameter, components: Components): Json {
  const { name, in: place, schema, description, required, example } = parameter;
  return {
    name,
    in: place,
    description,
    required: place === "path" || required === true,
    schema: components.use(schema, "input"),
    ...(example === undefined ? {} : { example }),
  };
}

function describeBody(
  { schema, required, description, example, type = "application/json" }: Body,
  components: Components,
): Json {
  return {
    required,
    ...(description === undefined ? {} : { description }),
    content: {
      [type]: {
        // Raw bytes have no schema.
        schema: type === BYTES ? { type: "string", format: "binary" } : components.use(schema, "input"),
        ...(example === undefined ? {} : { example }),
      },
    },
  };
}

const BYTES = "application/octet-stream";

function describeResponse(
  { description, schema, type, headers, example }: SuccessResponse,
  components: Components,
): Json {
  return {
    description,
    ...(headers === undefined
      ? {}
      : {
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, what]) => [
              name,
              { description: what, schema: { type: "string" } },
            ]),
          ),
        }),
    ...(schema === undefined
      ? {}
      : {
          content: {
            [type ?? "application/json"]: {
              schema: components.use(schema, "output"),
              ...(example === undefined ? {} : { example }),
            },
          },
        }),
  };
}

/** Refusals by status; several types may share one. A status that is also a success is described there. */
function describeProblems(operation: Operation, components: Components): Record<string, Json> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of problemsOf(operation)) {
    const { status } = ERRORS[code];
    if (status in operation.responses) continue;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => ERRORS[code].title).join("; "),
        content: { "application/problem+json": { schema: components.use(problem, "output") } },
      },
    ]),
  );
}

type Direction = "input" | "output";

/** Collects the named schemas and returns references to them. */
class Components {
  readonly #named = new Map<string, Json>();

  use(schema: z.ZodType, direction: Direction): Json {
    const { $schema: _, $defs, ...own } = jsonSchema(schema, direction);
    for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, Json>)) {
      this.#add(name, definition);
    }
    const name = schema.meta()?.["id"];
    if (typeof name !== "string") return own;
    // A schema that refers to itself is already in the definitions.
    if (!("$ref" in own)) this.#add(name, own);
    return { $ref: `#/components/schemas/${name}` };
  }

  all(): Json {
    return Object.fromEntries([...this.#named].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #add(name: string, { id: _id, ...definition }: Json): void {
    const known = this.#named.get(name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(definition)) {
      throw new Error(`Two schemas are named ${name}`);
    }
    this.#named.set(name, definition);
  }
}

function jsonSchema(schema: z.ZodType, direction: Direction): Json {
  const made = z.toJSONSchema(schema, {
    target: "draft-2020-12",
    io: direction,
    override: ({ jsonSchema: made, zodSchema }) => {
      // Later versions may add members to responses, and generated clients must accept them.
      if (direction === "output" && made.additionalProperties === false) delete made.additionalProperties;
      suitGenerators(made);
      discriminate(made, zodSchema);
    },
  });
  return JSON.parse(JSON.stringify(made).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;
}

type MadeSchema = z.core.JSONSchema.BaseSchema;

/**
 * Removes what client generators misread; `docs/behaviour.md` describes each case. `test/e2e/generated-clients.test.ts`
 * generates clients and runs them.
 */
function suitGenerators(made: MadeSchema): void {
  // The format is enough, and some clients apply the pattern to the date that they parsed.
  if (made.format !== undefined) delete made.pattern;
  // Regular expressions of Go, Rust and others have no look-around.
  if (made.pattern !== undefined && /\(\?[=!<]/.test(made.pattern)) delete made.pattern;
  // This is the limit of exact JSON numbers, not a limit of ours, and it does not fit into a 32-bit integer.
  if (made.maximum === Number.MAX_SAFE_INTEGER) delete made.maximum;
  if (made.minimum === Number.MIN_SAFE_INTEGER) delete made.minimum;
  // Member names are always text.
  delete made.propertyNames;
  // None of our values matches two alternatives, and client generators support `oneOf`.
  if (made.anyOf !== undefined) {
    made.oneOf = made.anyOf;
    delete made.anyOf;
  }
  // Most client generators do not know `const`.
  if (made.const !== undefined) {
    made.enum = [made.const];
    delete made.const;
  }
  // The service fills in defaults. Generated clients would send them, or require optional members.
  if (made.default !== undefined) {
    const text = `Default: \`${JSON.stringify(made.default)}\`.`;
    made.description = made.description === undefined ? text : `${made.description} ${text}`;
    delete made.default;
  }
}

/** Names the member whose value distinguishes the alternatives of a union. */
function discriminate(made: MadeSchema, schema: z.core.$ZodTypes): void {
  const { def } = schema._zod;
  if (def.type !== "union" || !("discriminator" in def)) return;
  const propertyName = String(def.discriminator);
  const mapping = def.options.flatMap((option) => {
    const name = z.globalRegistry.get(option)?.id;
    const values = [...(option._zod.propValues?.[propertyName] ?? [])];
    return name === undefined
      ? []
      : values.map((value) => [String(value), `#/components/schemas/${name}`] as const);
  });
  Object.assign(made, { discriminator: { propertyName, mapping: Object.fromEntries(mapping) } });
}
