/** What the API answers of the log of events. */
import { z } from "zod";

const hash = z.string().meta({ description: "SHA-256 in hexadecimal." });

export const logProof = z
  .strictObject({
    size: z.int().meta({ description: "Of the tree that the proof is about, in leaves." }),
    proof: z.array(hash).meta({ description: "As RFC 9162 orders them." }),
  })
  .meta({ id: "LogProof" });

export type LogProof = z.infer<typeof logProof>;

export const logEntries = z
  .strictObject({
    from: z.int().meta({ description: "Index of the first entry." }),
    entries: z.array(z.string()).meta({ description: "The bytes of each: JSON in the form of RFC 8785." }),
  })
  .meta({ id: "LogEntries" });

export type LogEntries = z.infer<typeof logEntries>;

const loggedEvent = z
  .strictObject({
    index: z.int().meta({ description: "Of its leaf, from 0 on." }),
    leaf: z.string().meta({ description: "The bytes that the log has of it." }),
    id: z.string().meta({ description: "The promise that it is about." }),
    salt: hash.meta({ description: "What its commitment begins with, in hexadecimal." }),
  })
  .meta({ id: "LoggedEvent" });

export const loggedApproval = z
  .strictObject({ approval: z.string(), events: z.array(loggedEvent) })
  .meta({ id: "LoggedApproval" });

export type LoggedApproval = z.infer<typeof loggedApproval>;
