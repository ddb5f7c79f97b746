import { PRODUCT_WORKFLOWS as OWN, type Registration } from "../../../../worker/workflows/index.ts";
import { seams } from "./seams.ts";

export * from "../../../../worker/workflows/index.ts";

export const PRODUCT_WORKFLOWS: readonly Registration[] = [...OWN, ...seams.workflows];
