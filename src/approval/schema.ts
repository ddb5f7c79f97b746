/**
 * The one shape of a request. Checks, storage, reading back, comparison and description all follow from this schema. To
 * add an optional field, add one line here, and show the field where people should see it.
 *
 * - `POST /approvals` and `requestApproval` check with it (`request.ts`);
 * - {@link storedRequestSchema} reads requests back, without the rules that may become stricter (`stored.ts`);
 * - the same call sent twice is recognised by {@link meaningOf} (`meaning.ts`);
 * - the OpenAPI document describes the request by it, and the response by {@link shownRequestFields}.
 *
 * A field is optional by `z.exactOptional`, or by a default: then requests that were stored before it have the default.
 */
import { z } from "zod";
import { MAIL_ADDRESS, MAIL_ADDRESS_CHARS_MAX, PERSON_NAME_CHARS_MAX } from "../lib/mail-address.ts";
import { ACTION_LIMITS, type Action, actionSchema } from "./action-schema.ts";
import { DEADLINE_WINDOW } from "./deadline.ts";
import { deadlineText, durationSchema, undoSchema } from "./duration-schema.ts";
import { fieldsSchema } from "./fields.ts";
import { hoursSchema } from "./hours.ts";
import { ID_PATTERN, ID_RULE } from "./ids.ts";
import { METADATA_BYTES_MAX } from "./metadata.ts";
import { addressKey } from "./person.ts";
import { remindersSchema } from "./reminders.ts";
import { type Frozen, facets, meaning, shownMembers, shownShape, storedShape } from "./shape.ts";
import { line, lines } from "./text-schema.ts";
import { timeZoneSchema } from "./time-zone.ts";

export const APPROVERS_MAX = 50;
const STAGES_MAX = 20;
const GROUPS_MAX = 20;
const ESCALATIONS_MAX = 10;
const CHOICES_MAX = 6;
const ROUNDS_MAX = 10;

/** Of what is asked, in characters, and the number of details. */
export const CONTENT_LIMITS = {
  titleMax: 200,
  summaryMax: 10_000,
  detailsMax: 50,
  labelMax: 100,
  valueMax: 1_000,
} as const;

/** What an approver may add to an answer, in characters, on the page and through the API. */
export const COMMENT_CHARS_MAX = 2_000;

/** What an answer does, whatever its choice is called. */
export const effectSchema = z.enum(["approve", "reject", "changes"]);
/** The value of a choice, as links and answers name it. `view` is the link that preselects none. */
const CHOICE_PATTERN = /^(?!view$)[a-z][a-z0-9_-]{0,31}$/;
export const choiceSchema = z
  .string()
  .regex(CHOICE_PATTERN, "must be the value of a choice, such as approve");
/** How a decision came in. */
export const doorSchema = z.enum(["mail", "inbox", "api", "webhook"]);
export const outcomeKindSchema = z.enum(["approved", "rejected", "expired", "cancelled"]);

const emailSchema = z
  .string()
  .max(MAIL_ADDRESS_CHARS_MAX)
  .overwrite((text) => text.trim())
  .regex(MAIL_ADDRESS, "must be one plain mail address, such as ana@example.com")
  .meta({ description: "One mail address.", examples: ["ana@example.com"] })
  .register(facets, { meaning: addressKey });

const nameSchema = line(PERSON_NAME_CHARS_MAX).meta({ description: "Name, shown beside the address." });

const personSchema = z
  .strictObject({
    email: emailSchema,
    name: z.exactOptional(nameSchema),
    locale: z.exactOptional(
      z
        .string()
        .max(35)
        .refine(isLocale, "must be a BCP 47 language tag, such as de-AT")
        .meta({ description: "BCP 47 language tag.", examples: ["de-AT"] })
        .register(facets, { meaning: lowerCase }),
    ),
    timeZone: z.exactOptional(timeZoneSchema),
  })
  .meta({ id: "PersonInput" })
  .register(facets, { name: "Person" });

export type Person = Frozen<z.output<typeof personSchema>>;

export const approverSchema = z
  .union([emailSchema.transform((email): z.output<typeof personSchema> => ({ email })), personSchema])
  .meta({ id: "PersonOrAddress", description: "A person, or only their mail address." })
  // An address is stored as a person.
  .register(facets, { is: personSchema });

const choicesSchema = z
  .array(
    z
      .strictObject({
        value: z
          .string()
          .regex(
            CHOICE_PATTERN,
            "must be a lower-case letter, then up to 31 lower-case letters, digits, '_' or '-', and not view",
          ),
        effect: effectSchema.meta({ description: "What an answer with this choice does." }),
        label: z.exactOptional(line(60).meta({ description: "What the button says." })),
        comment: z
          .enum(["optional", "required", "none"])
          .default("optional")
          .meta({ description: "Whether people can, must or cannot say why." }),
      })
      .meta({ id: "ChoiceInput" })
      .register(facets, { name: "Choice" }),
  )
  .min(1)
  .max(CHOICES_MAX);

const requireSchema = (people: string) =>
  z
    .union([z.enum(["any", "all"]), z.int().min(1).max(APPROVERS_MAX).register(facets, { min: 1 })])
    .meta({ description: `How many ${people} are needed.` });

const approversSchema = z.array(approverSchema).min(1).max(APPROVERS_MAX).register(facets, { min: 1 });

const onDeadlineSchema = z.enum(["expire", "reject", "escalate", "approve"]);

const escalateToSchema = z
  .array(
    z
      .union([approverSchema, z.array(approverSchema).min(1).max(APPROVERS_MAX)])
      .transform((entry) => (Array.isArray(entry) ? entry : [entry]))
      // One person is stored as a list of one.
      .register(facets, { is: z.array(personSchema) }),
  )
  .min(1)
  .max(ESCALATIONS_MAX);

const groupSchema = z
  .strictObject({
    name: z.exactOptional(line(60)),
    approvers: approversSchema.meta({ description: "The people of this group, each once." }),
    require: requireSchema("approvals of this group").default("any"),
  })
  .meta({ id: "GroupInput" })
  .register(facets, { name: "Group" });

const stageSchema = z
  .strictObject({
    name: z.exactOptional(line(60)),
    groups: z.exactOptional(
      z
        .array(groupSchema)
        .min(1)
        .max(GROUPS_MAX)
        .meta({ description: "Groups that are asked side by side." }),
    ),
    approvers: z.exactOptional(
      approversSchema.meta({ description: "In place of groups: the people of the only one." }),
    ),
    require: z.exactOptional(
      requireSchema("groups, or approvals of the only one,").meta({
        description: "How many groups (default all), or approvals of the only one (default any), are needed.",
      }),
    ),
    deadline: z.exactOptional(durationSchema.meta({ description: "How long the stage may take." })),
    onDeadline: z.exactOptional(
      onDeadlineSchema.meta({ description: "What happens then. Default: expire." }),
    ),
    escalateTo: z.exactOptional(
      escalateToSchema.meta({
        description: "Who is asked too, one entry each time the stage's time is over.",
      }),
    ),
    replace: z.exactOptional(
      z.boolean().meta({ description: "Whether an escalation closes the questions that were open." }),
    ),
  })
  .meta({ id: "StageInput" })
  .register(facets, { name: "Stage" });

/** Settings decide which URLs may be called; see {@link RequestRules}. */
export const callbackUrlSchema = z
  .string()
  .max(2000)
  .refine(isPlainHttpUrl, "must be an https URL, such as https://example.com/hooks/approvals")
  .overwrite((text) => URL.parse(text)?.href ?? text)
  .meta({
    description: "Countersign sends signed events about this approval to this URL.",
    examples: ["https://example.com/hooks/approvals"],
  });

/**
 * The body of `POST /approvals` and the argument of `requestApproval`. Rules that look at several fields at once
 * (people named twice, the requester among the approvers, `require`, the deadline's distance) are not in it.
 */
export const approvalRequestSchema = z.strictObject({
  id: z.exactOptional(
    z
      .string()
      .regex(ID_PATTERN, ID_RULE)
      .meta({ description: "The approval's id. The same id and content are the same approval." }),
  ),
  title: line(CONTENT_LIMITS.titleMax).meta({ description: "The question, in one line." }),
  summary: z.exactOptional(
    lines(CONTENT_LIMITS.summaryMax).meta({
      description: "What approvers need to know. Markdown; pages and mails show a safe subset.",
    }),
  ),
  details: z
    .array(
      z
        .strictObject({ label: line(CONTENT_LIMITS.labelMax), value: line(CONTENT_LIMITS.valueMax) })
        .meta({ id: "DetailInput" })
        .register(facets, { name: "Detail" }),
    )
    .max(CONTENT_LIMITS.detailsMax)
    .default([])
    .meta({ description: "Facts, shown as a table." }),
  action: z.exactOptional(actionSchema),
  items: z.exactOptional(
    z
      .array(actionSchema)
      .min(1)
      .max(ACTION_LIMITS.itemsMax)
      .meta({ description: "In place of `action`: several, of which people can strike some out." }),
  ),
  atomic: z.exactOptional(
    z.boolean().meta({ description: "Whether items are approved or rejected as one. Default: false." }),
  ),
  requester: z.exactOptional(
    approverSchema.meta({ description: "The person who asks. Must not be an approver." }),
  ),
  follow: z.exactOptional(
    z.boolean().meta({
      description: "Whether the requester gets a mail at once, with a link to their page. Default: false.",
    }),
  ),
  approvers: z
    .array(approverSchema)
    .min(1)
    .max(APPROVERS_MAX)
    // None where there are stages.
    .default([])
    .meta({ description: "The people who are asked, each once. Leave it out if you give stages." }),
  require: requireSchema("approvals").default("any"),
  stages: z.exactOptional(
    z
      .array(stageSchema)
      .min(1)
      .max(STAGES_MAX)
      .meta({ description: "Questions in sequence: nobody is asked before the stage before has approved." }),
  ),
  choices: z.exactOptional(
    choicesSchema.meta({ description: "What people can answer. Default: approve and reject." }),
  ),
  fields: z.exactOptional(fieldsSchema),
  rejection: z.enum(["veto", "majority"]).default("veto").meta({
    description:
      "veto: one rejection ends the approval. majority: it ends when too few approvers are left to reach `require`.",
  }),
  deadline: deadlineText
    .default("P7D")
    .meta({ description: `ISO 8601 duration from now, or an instant; ${DEADLINE_WINDOW} away.` }),
  onDeadline: onDeadlineSchema
    .default("expire")
    .meta({ description: "How the approval ends if it is undecided at the deadline." }),
  escalateTo: z.exactOptional(
    escalateToSchema.meta({
      description: "With onDeadline escalate: who is asked too, one entry each time the deadline passes.",
    }),
  ),
  replace: z.exactOptional(
    z.boolean().meta({ description: "Whether an escalation closes the questions that were open." }),
  ),
  reminders: z.exactOptional(remindersSchema),
  hours: z.exactOptional(hoursSchema),
  reassign: z.exactOptional(
    z.boolean().meta({ description: "Whether approvers may hand their question on. Default: true." }),
  ),
  undo: z.exactOptional(undoSchema),
  rounds: z.exactOptional(
    z
      .int()
      .min(1)
      .max(ROUNDS_MAX)
      .meta({ description: "How often the question may be asked, with changes in between. Default: 3." }),
  ),
  callbackUrl: z.exactOptional(callbackUrlSchema),
  metadata: z
    .record(z.string(), z.unknown())
    .default({})
    .meta({
      description: `Any JSON object of at most ${METADATA_BYTES_MAX / 1024} KiB. Countersign returns it with the outcome.`,
    }),
});

/** A validated request: plain JSON with every default filled in. */
export type ApprovalRequest = Frozen<Omit<z.output<typeof approvalRequestSchema>, "id">>;

export type Require = ApprovalRequest["require"];
export type OnDeadline = z.output<typeof onDeadlineSchema>;
/** One of the choices of a request. */
export type ChoiceRule = Frozen<z.output<typeof choicesSchema>[number]>;

/** The id names the promise; everything else is stored in it. */
const contentSchema = approvalRequestSchema.omit({ id: true });

/** Reads a request that was accepted once. */
export const storedRequestSchema = storedShape(contentSchema) as z.ZodType<ApprovalRequest>;
export const storedActionSchema = storedShape(actionSchema) as z.ZodType<Action>;
export const storedPersonSchema = storedShape(personSchema) as z.ZodType<Person>;

/** The fields as the API's answers show them. */
export const shownRequestFields = shownMembers(contentSchema);
export const shownPersonSchema = shownShape(personSchema) as z.ZodType<Person>;

/** A request's fields in a form for comparison: two ways to write the same value are equal. */
export function meaningOf(request: ApprovalRequest): Readonly<Record<string, unknown>> {
  return meaning(contentSchema, request) as Record<string, unknown>;
}

/** Blanks and controls are refused, because `URL` would drop them, and people would read another address. */
function isPlainHttpUrl(text: string): boolean {
  return /^https?:\/\/[^\s\p{Cc}]+$/iu.test(text) && URL.canParse(text);
}

function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

function lowerCase(text: string): string {
  return text.toLowerCase();
}
