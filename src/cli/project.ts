/** What `countersign init` writes: a project with one workflow, its test, and how to run it. */
import type { Manifest } from "./manifest.ts";

/** Paths within the folder, with their text. */
export type Project = Readonly<Record<string, string>>;

/** Those that a project may have of its own: then it keeps them. */
export const KEPT_FILES: ReadonlySet<string> = new Set(["tsconfig.json", "README.md"]);

/** Lines of its `.gitignore`: what is stored, keys among it, is not for the repository. */
export const IGNORED = ["node_modules/", "data/", ".env"] as const;

/** @param specifier where the package that writes it came from */
export function projectManifest(folderName: string, specifier: string): Manifest {
  return {
    name: packageName(folderName),
    private: true,
    type: "module",
    engines: { node: "^22.18 || >=24" },
    scripts: {
      // So that the service, and no shell, is what npm sends its signals to.
      dev: "exec countersign dev --workflows workflows",
      start: "exec countersign start --workflows workflows",
      test: "node --test",
      check: "tsc",
    },
    dependencies: { countersign: specifier, zod: "^4.0.0" },
    devDependencies: { "@types/node": "^26.0.0", typescript: "^7.0.0" },
  };
}

/** @param extension `mts` in a project of CommonJS, whose `.ts` files Node reads as that */
export function projectFiles(extension: "ts" | "mts"): Project {
  return {
    "tsconfig.json": TSCONFIG,
    "README.md": README,
    [`workflows/purchase.${extension}`]: WORKFLOW,
    [`test/purchase.test.${extension}`]: TEST.replace("purchase.ts", `purchase.${extension}`),
  };
}

/** As npm takes it (package.json, `name`): lower case, of at most 214 characters, no dot or `_` first. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/gu, "-")
    .replace(/^[._-]+/u, "")
    .slice(0, 200);
  return name === "" || name === "countersign" || name === "node_modules" ? "approvals" : name;
}

/** A file's text without the margin, which sets it apart from the code around it. */
function text(withMargin: string): string {
  return withMargin.slice(1).replaceAll(/^ {2}\| ?/gmu, "");
}

const TSCONFIG = text(`
  | {
  |   "compilerOptions": {
  |     "target": "ES2024",
  |     "module": "NodeNext",
  |     "types": ["node"],
  |     "strict": true,
  |     "noEmit": true,
  |     "erasableSyntaxOnly": true,
  |     "allowImportingTsExtensions": true,
  |     "verbatimModuleSyntax": true,
  |     "skipLibCheck": true
  |   },
  |   "include": ["workflows", "test"]
  | }
`);

const WORKFLOW = text(`
  | import { defineWorkflow, lasting, requestApproval } from "countersign";
  | import { z } from "zod";
  |
  | /** Holds the budget, asks for an approval, then orders or lets the budget go. It may take days and survives restarts. */
  | export default defineWorkflow({
  |   name: "purchase",
  |   // POST /begin refuses any other argument.
  |   input: z.object({
  |     item: z.string().min(1),
  |     euros: z.number().positive(),
  |     approvers: z.array(z.email()).min(1),
  |   }),
  |   *run(ctx, { item, euros, approvers }) {
  |     const hold: string = yield* ctx.run(holdBudget, euros, lasting(ctx));
  |     const { outcome, reason } = yield* requestApproval(ctx, {
  |       title: \`Buy \${item}\`,
  |       details: [{ label: "Amount", value: \`\${euros} €\` }],
  |       approvers,
  |       deadline: "P5D",
  |     });
  |     if (outcome === "approved") {
  |       const order: string = yield* ctx.run(placeOrder, item, lasting(ctx));
  |       return { status: "ordered", order };
  |     }
  |     yield* ctx.run(releaseBudget, hold, lasting(ctx));
  |     return { status: "dropped", because: outcome, reason };
  |   },
  | });
  |
  | // Steps: call your own systems here. A step may run again after a crash, always under the same ctx.id, which you can
  | // give to the other system as an idempotency key.
  |
  | function holdBudget(ctx: { readonly id: string }, _euros: number): string {
  |   return \`hold-\${ctx.id}\`;
  | }
  |
  | function placeOrder(ctx: { readonly id: string }, _item: string): string {
  |   return \`order-\${ctx.id}\`;
  | }
  |
  | function releaseBudget(_ctx: unknown, hold: string): string {
  |   return \`released-\${hold}\`;
  | }
`);

const TEST = text(`
  | import assert from "node:assert/strict";
  | import { test } from "node:test";
  | import { testWorkflow } from "countersign/testing";
  | import purchase from "../workflows/purchase.ts";
  |
  | const input = { item: "laptop", euros: 900, approvers: ["ana@example.com"] };
  |
  | test("orders what was approved", async () => {
  |   const { value, asked } = await testWorkflow(purchase, {
  |     input,
  |     approver: () => ({ choice: "approve", after: "P2D" }),
  |   });
  |   assert.equal(asked[0]?.title, "Buy laptop");
  |   assert.deepEqual(value, { status: "ordered", order: "order-test:4" });
  | });
  |
  | test("lets the budget go after a veto", async () => {
  |   const { approvals } = await testWorkflow(purchase, {
  |     input,
  |     approver: () => ({ choice: "reject", comment: "Too dear" }),
  |   });
  |   assert.equal(approvals[0]?.outcome, "rejected");
  |   assert.equal(approvals[0]?.decisions[0]?.comment, "Too dear");
  | });
  |
  | test("lets the budget go when nobody answers within five days", async () => {
  |   const { approvals, startedAt, endedAt } = await testWorkflow(purchase, { input });
  |   assert.equal(approvals[0]?.outcome, "expired");
  |   assert.equal(endedAt.getTime() - startedAt.getTime(), 5 * 24 * 3_600_000);
  | });
`);

/** What starts the workflow, while the service runs with no settings. */
export const FIRST_CALL = `curl 'http://127.0.0.1:5001/begin?id=purchase-1&func=purchase' -H 'content-type: application/json' \\
  -d '{"item":"laptop","euros":900,"approvers":["ana@example.com"]}'`;

const README = text(`
  | # Approvals
  |
  | A workflow that asks people, made with \`countersign init\`.
  |
  | \`\`\`sh
  | npm install
  | npm test          # runs the workflow in memory: days pass in milliseconds
  | npm run dev       # runs the service, and restarts it when a workflow changes
  | \`\`\`
  |
  | While \`npm run dev\` runs, start the workflow from another terminal:
  |
  | \`\`\`sh
${FIRST_CALL.replaceAll(/^/gmu, "  | ")}
  | \`\`\`
  |
  | Open http://127.0.0.1:5001/mailbox, read the mail and decide. Then look at the result:
  |
  | \`\`\`sh
  | npx countersign get purchase-1
  | \`\`\`
  |
  | - \`workflows/\` holds the workflows: each file exports what \`defineWorkflow\` answers.
  | - \`test/\` holds their tests.
  | - \`data/\` holds everything that is stored. Delete it to begin again; in production, keep it and back it up.
  |
  | In production, run \`npm start\` with \`NODE_ENV=production\` and settings for mail, keys and the public address:
  | see the guide "Your own workflows" of Countersign.
`);
