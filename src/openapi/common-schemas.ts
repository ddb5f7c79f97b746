import { z } from "zod";

export const instant = z.iso
  .datetime()
  .meta({ description: "ISO 8601 instant.", examples: ["2026-11-21T10:00:00.000Z"] });
export const anyJson = z.unknown().meta({ description: "Any JSON value." });
