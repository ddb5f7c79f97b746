import { once } from "node:events";
import { flushCompileCache } from "node:module";
import { argv, stdin, stdout } from "node:process";
import { openEngine } from "../../src/engine/engine.ts";
import { acquire, create, latentTags, request, rootTags, settle, suspend } from "./engine-requests.ts";

/**
 * A process to be killed: told to go, it opens the engine on the folder given and keeps it busy. Of each request that
 * was answered with success it prints a line, `id step`, so that whoever reads knows what must survive. With `early` as
 * the third word it lies, and prints the line before there is an answer.
 */
const [, , dataDir = "", life = "", manner = ""] = argv;
const DAY = 86_400_000;
const CLIENTS = 16;

// One that is killed writes nothing at its end, so what Node made of the sources is kept for the next one at once.
flushCompileCache();
// Started ahead of its time, while another has the folder.
await once(stdin, "data");
const engine = openEngine({ dataDir });

async function must(id: string, step: string, envelope: Parameters<typeof engine.send>[0]): Promise<void> {
  if (manner === "early") await say(`${id} ${step}`);
  const { head, data } = await engine.send(envelope);
  if (head.status !== 200) throw new Error(`${id} ${step}: ${JSON.stringify(data)}`);
  if (manner !== "early") await say(`${id} ${step}`);
}

function say(line: string): Promise<unknown> {
  return new Promise((resolve) => stdout.write(`${line}\n`, resolve));
}

async function client(n: number): Promise<never> {
  for (let turn = 0; ; turn += 1) {
    const id = `w${life}-${n}-${turn}`;
    const latent = create(`${id}:0`, Date.now() + DAY, latentTags(`${id}:0`, id));
    await must(id, "created", create(id, Date.now() + DAY, rootTags(id)));
    await must(id, "acquired", acquire(id, 0));
    await must(id, "fenced", request("task.fence", { id, version: 1, action: latent }));
    await must(id, "suspended", suspend(id, 1, [`${id}:0`]));
    await must(id, "decided", settle(`${id}:0`, "resolved", Buffer.from(id).toString("base64")));
    await must(id, "resumed", acquire(id, 1));
    await must(id, "ended", request("task.fulfill", { id, version: 2, action: settle(id) }));
  }
}

await Promise.all(Array.from({ length: CLIENTS }, (_, n) => client(n)));
