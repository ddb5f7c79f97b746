import { expect, test } from "vitest";
import { create, latentTags, request, rootTags, settle, stepTags } from "../../../support/engine-requests.ts";
import { World } from "../../../support/engine-world.ts";

const T = 1_000_000;
const DAY = 86_400_000;

function search(world: World, query: Record<string, unknown>, now = T): { ids: string[]; cursor?: string } {
  const { data } = world.step(now, request("promise.search", query));
  const { promises, cursor } = data as { promises: { id: string }[]; cursor?: string };
  return { ids: promises.map(({ id }) => id), ...(cursor !== undefined && { cursor }) };
}

test("promise.search pages through everything in order of id", () => {
  using world = new World();
  for (const id of ["c", "a", "b"]) world.step(T, create(id, T + DAY));
  expect(search(world, { limit: 2 })).toEqual({ ids: ["a", "b"], cursor: "b" });
  expect(search(world, { limit: 2, cursor: "b" })).toEqual({ ids: ["c"] });
  expect(search(world, { limit: 3 })).toEqual({ ids: ["a", "b", "c"] });
});

test("promise.search by origin finds the tree and nothing beside it", () => {
  using world = new World();
  for (const id of ["a", "a-b", "ab", "b"]) world.step(T, create(id, T + DAY, rootTags(id)));
  for (const id of ["a:0", "a:1"]) world.step(T, create(id, T + DAY, latentTags(id, "a")));
  world.step(T, create("a:0.0", T + DAY, latentTags("a:0.0", "a:0")));
  const tags = { "resonate:origin": "a" };
  expect(search(world, { tags }).ids).toEqual(["a", "a:0", "a:0.0", "a:1"]);
  expect(search(world, { tags, limit: 1 })).toEqual({ ids: ["a"], cursor: "a" });
  expect(search(world, { tags, cursor: "a", limit: 2 })).toEqual({ ids: ["a:0", "a:0.0"], cursor: "a:0.0" });
  expect(search(world, { tags, cursor: "a:0.0" })).toEqual({ ids: ["a:1"] });
  expect(search(world, { tags, cursor: "b" }).ids).toEqual([]);
});

test("promise.search of large values answers short pages with a cursor", () => {
  using world = new World();
  const data = "x".repeat(4 * 1024 * 1024);
  for (let n = 0; n < 6; n += 1) {
    world.step(T, create(`a${n}`, T + DAY));
    world.step(T, settle(`a${n}`, "resolved", data));
  }
  expect(search(world, {})).toEqual({ ids: ["a0", "a1", "a2", "a3"], cursor: "a3" });
  expect(search(world, { cursor: "a3" })).toEqual({ ids: ["a4", "a5"] });
});

test("promise.search by tags wants them all", () => {
  using world = new World();
  world.step(T, create("a", T + DAY, { kind: "x", team: "1" }));
  world.step(T, create("b", T + DAY, { kind: "x", team: "2" }));
  expect(search(world, { tags: { kind: "x" } }).ids).toEqual(["a", "b"]);
  expect(search(world, { tags: { kind: "x", team: "2" } }).ids).toEqual(["b"]);
});

test("promise.search by state goes by the state at this moment, and writes nothing", () => {
  using world = new World();
  world.step(T, create("a:0", T + 10, stepTags("a:0", "a")));
  world.step(T, create("b", T + DAY));
  world.step(T, create("c", T + DAY));
  world.step(T, settle("c"));
  expect(search(world, { state: "pending" }).ids).toEqual(["a:0", "b"]);
  expect(search(world, { state: "pending" }, T + 10).ids).toEqual(["b"]);
  expect(search(world, { state: "resolved" }, T + 10).ids).toEqual(["c"]);
  const { data } = world.step(T + 10, request("promise.search", { state: "rejected_timedout" }));
  expect(data["promises"]).toMatchObject([{ id: "a:0", state: "rejected_timedout", settledAt: T + 10 }]);
  expect(world.snapshot().promises).toMatchObject([{ id: "a:0", state: "pending" }, {}, {}]);
});

test("promise.search that passes over many rows answers a short page with a cursor", () => {
  using world = new World();
  world.store.begin();
  for (let n = 0; n < 5_001; n += 1) {
    const id = `p${String(n).padStart(5, "0")}`;
    const tags: Record<string, string> = n === 5_000 ? { wanted: "yes" } : {};
    const times = { timeoutAt: T + DAY, createdAt: T, settledAt: null };
    world.store.write([
      { kind: "promise.insert", row: { id, state: "pending", param: {}, value: {}, tags, ...times } },
    ]);
  }
  world.store.commit();
  const first = search(world, { tags: { wanted: "yes" } });
  expect(first).toEqual({ ids: [], cursor: "p04999" });
  expect(search(world, { tags: { wanted: "yes" }, cursor: first.cursor })).toEqual({ ids: ["p05000"] });
});

test("promise.search for callbacks looks at nothing else, and answers the newest first, page by page", () => {
  using world = new World();
  const kind = (id: string, value: string) => ({
    ...rootTags(id),
    "resonate:origin": id.split(":", 1)[0]!,
    "countersign:kind": value,
  });
  const ids = ["m:callback~1", "a:callback~2", "z:callback~3", "b:callback~4"];
  for (const id of ids) {
    for (let n = 0; n < 50; n += 1)
      world.step(T, create(`${id}-${n}`, T + DAY, kind(`${id}-${n}`, "ballot")));
    world.step(T, create(id, T + DAY, kind(id, "callback")));
  }
  // A value that only looks like it, and another tag of that value.
  world.step(T, create("q", T + DAY, { "countersign:about": '"countersign:kind":"callback"' }));
  world.step(T, create("r", T + DAY, { "countersign:note": "callback" }));
  const tags = { "countersign:kind": "callback" };
  const newest = ids.toReversed();
  expect([...world.store.view.search({ listed: true, after: "", limit: 1_000 })].map(({ id }) => id)).toEqual(
    newest,
  );
  expect(search(world, { tags }).ids).toEqual(newest);
  expect(search(world, { tags, limit: 3 })).toEqual({ ids: newest.slice(0, 3), cursor: newest[2] });
  expect(search(world, { tags, limit: 3, cursor: newest[2] })).toEqual({ ids: newest.slice(3) });
  expect(search(world, { tags, cursor: "gone" })).toEqual({ ids: [] });
  expect(search(world, { tags: { ...tags, "resonate:origin": "a" } }).ids).toEqual(["a:callback~2"]);
});
