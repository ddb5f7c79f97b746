import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { SILENT } from "../../../src/engine/log.ts";
import { startEngineThread } from "../../../src/engine/serve/thread.ts";
import { startBuiltInsLater } from "../../../src/processes/start-built-ins.ts";
import { temporaryFolder } from "../../support/engine.ts";
import { create, rootTags } from "../../support/engine-requests.ts";
import { untilPasses } from "../../support/eventually.ts";

const FUTURE = Date.now() + 86_400_000;

/** An engine whose guest only says that it starts, and that it stops. */
async function site({ isAlone }: { readonly isAlone: boolean }) {
  const dataDir = temporaryFolder();
  const run = new URL("../../../src/engine/serve/thread-run.ts", import.meta.url).href;
  const entry = join(dataDir, "entry.mjs");
  writeFileSync(
    entry,
    `import { runEngineThread } from ${JSON.stringify(run)};
     await runEngineThread(async (_engine, { publicUrl, isAlone, isWatched }, say) => {
       say({ kind: "line", line: ["started", publicUrl, isAlone, isWatched].join(" ") });
       return { stop: async () => say({ kind: "line", line: "stopped" }) };
     });`,
  );
  const engine = await startEngineThread({
    dataDir,
    keepMs: undefined,
    serve: undefined,
    log: SILENT,
    entry: pathToFileURL(entry),
  });
  onTestFinished(() => engine.close());
  const gateway = engine.network({ group: "gateway" });
  const begin = (id: string, group: string) =>
    gateway.send(create(id, FUTURE, rootTags(id, { "resonate:target": `poll://any@${group}` })) as never);
  const host = vi.fn(engine.host);
  const lines: string[] = [];
  const builtIns = startBuiltInsLater({
    engine: { ...engine, host },
    group: "worker",
    builtInGroup: "worker-builtin",
    settings: {},
    publicUrl: "https://a.example",
    mailboxPort: undefined,
    isAlone,
    heard: { write: (line) => lines.push(line) },
  });
  return { begin, host, lines, builtIns };
}

test("the first task of the built-in workflows starts their worker, once; other tasks do not", async () => {
  const { begin, host, lines, builtIns } = await site({ isAlone: false });
  await begin("a", "worker");
  await begin("b", "others");
  expect(host).not.toHaveBeenCalled();
  await Promise.all([begin("c", "worker-builtin"), begin("d", "worker-builtin")]);
  await untilPasses(() => expect(lines).toEqual(["started https://a.example false false"]));
  await begin("e", "worker-builtin");
  await builtIns.stop();
  expect(lines).toEqual(["started https://a.example false false", "stopped"]);
  expect(host).toHaveBeenCalledOnce();
});

test("without another worker in the process, a task of the settings' group starts it, too", async () => {
  const { begin, lines, builtIns } = await site({ isAlone: true });
  await begin("a", "worker");
  await untilPasses(() => expect(lines).toEqual(["started https://a.example true false"]));
  await builtIns.stop();
});

test("what is stopped before any task has never started, and tasks after that start nothing", async () => {
  const { begin, host, builtIns } = await site({ isAlone: false });
  await builtIns.stop();
  await begin("a", "worker-builtin");
  expect(host).not.toHaveBeenCalled();
});
