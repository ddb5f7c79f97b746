/** The shape of an action: what a program is to do once the approval allows it. `action.ts` says what follows from it. */
import { z } from "zod";
import { besideOthers } from "./beside-others.ts";
import { durationBetween } from "./duration-schema.ts";
import { standingSchema } from "./limits/schema.ts";
import { type Frozen, facets } from "./shape.ts";
import { exactLine } from "./text-schema.ts";

/** In characters, bytes of the form of RFC 8785, and counts. */
export const ACTION_LIMITS = {
  toolMax: 200,
  targetMax: 500,
  audienceMax: 200,
  /** Without its schema. */
  bytesMax: 32 * 1024,
  schemaBytesMax: 32 * 1024,
  /** Single values. A person reads every one of them. */
  valuesMax: 500,
  /** Levels of arrays and objects. */
  depthMax: 24,
  itemsMax: 50,
  /** Of all items with their schemas. */
  itemsBytesMax: 64 * 1024,
} as const;

const anyObject = z.record(z.string(), z.unknown());

export const actionSchema = z
  .strictObject({
    tool: exactLine(ACTION_LIMITS.toolMax).meta({
      description: "What is to be run, by a name that its program knows.",
      examples: ["payments.transfer"],
    }),
    arguments: z.exactOptional(
      anyObject.meta({
        description: `What it is to be run with: a JSON object of at most ${ACTION_LIMITS.bytesMax / 1024} KiB. Every value is shown to those who decide. Required unless there is \`standing\`.`,
      }),
    ),
    standing: z.exactOptional(standingSchema),
    target: z.exactOptional(
      exactLine(ACTION_LIMITS.targetMax).meta({
        description: "What it acts on, such as a system or an account.",
      }),
    ),
    audience: z.exactOptional(
      exactLine(ACTION_LIMITS.audienceMax).meta({ description: "The program that alone may run it." }),
    ),
    reversible: z
      .enum(["yes", "costly", "no"])
      .default("no")
      .meta({ description: "Whether it can be undone. People are told." }),
    schema: z.exactOptional(
      anyObject.meta({
        description:
          "JSON Schema (2020-12) that the arguments must fit. It is checked before anybody is asked.",
      }),
    ),
    validFor: durationBetween("PT1M", "P30D", "P1D")
      .meta({
        description: "How long after the approval it can be run, as an ISO 8601 duration from PT1M to P30D.",
        examples: ["P1D"],
      })
      .default("P1D"),
  })
  .superRefine((action, ctx) => {
    for (const { path, message } of standingProblems(action)) ctx.addIssue({ code: "custom", path, message });
  }, besideOthers)
  .meta({ id: "ActionInput", description: "What a program is to do once it is approved." })
  .register(facets, { name: "Action" });

export type Action = Frozen<z.output<typeof actionSchema>>;

interface Problem {
  readonly path: string[];
  readonly message: string;
}

/** An action has arguments, or limits in their place. */
function standingProblems({
  arguments: given,
  standing,
  reversible,
  schema,
}: Pick<Action, "arguments" | "standing" | "reversible" | "schema">): readonly Problem[] {
  if (standing === undefined) {
    return given === undefined ? [{ path: ["arguments"], message: "is required" }] : [];
  }
  const one = (name: string, message: string): Problem => ({ path: [name], message });
  return [
    ...(given === undefined
      ? []
      : [one("arguments", "cannot stand beside standing, whose limits say what they can be")]),
    ...(schema === undefined
      ? []
      : [one("schema", "cannot stand beside standing, whose limits say what arguments can be")]),
    ...(reversible === "no"
      ? [
          one(
            "reversible",
            'must be "yes" or "costly" beside standing: what cannot be undone is approved each time',
          ),
        ]
      : []),
  ];
}
