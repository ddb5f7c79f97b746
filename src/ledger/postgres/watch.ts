/** Which requests of the protocol change which approvals. */
import type { Network, Request, Response } from "@resonatehq/sdk";
import { KIND_TAG, parentId } from "../../approval/ids.ts";
import { subjectOf } from "../subject.ts";
import type { Feeder } from "./feeder.ts";

/** Tasks that are remembered. One that is lost to another worker, or dropped as a timer's are, is never heard of again. */
const TASKS_MAX = 10_000;

/** Has what goes through this network feed the index. Changes the network. */
export function watch<N extends Network>(network: N, feeder: Pick<Feeder, "act" | "touch">): N {
  const send = network.send as (request: Request) => Promise<Response>;
  /** Of the tasks that run here, whether each is an approval. */
  const tasks = new Map<string, boolean>();

  const remember = (id: string, isApproval: boolean): void => {
    tasks.set(id, isApproval);
    // The oldest. Of a task that is not known, more is marked than need be.
    const [first] = tasks.keys();
    if (tasks.size > TASKS_MAX && first !== undefined) tasks.delete(first);
  };

  const change = async (request: Request, subjects: readonly string[]): Promise<Response> =>
    subjects.length === 0
      ? await send(request)
      : await feeder.act(
          subjects,
          () => send(request),
          (response) => changedBy(response, subjects),
        );

  const watched = async (request: Request): Promise<Response> => {
    switch (request.kind) {
      case "promise.create":
      case "promise.settle":
        return await change(request, subjectsOf(request));
      case "task.create":
        return await change(request, subjectsOf(request.data.action));
      case "task.fence": {
        const { id, action } = request.data;
        // Steps of workflows that are no approvals are nobody's business here, and by far the most.
        const isOwn = action.kind === "promise.settle" && parentId(action.data.id) === id;
        return await change(request, isOwn && tasks.get(id) === false ? [] : subjectsOf(action));
      }
      case "task.fulfill": {
        const { id } = request.data;
        const isOther = tasks.get(id) === false;
        tasks.delete(id);
        return await change(request, isOther ? [] : [id]);
      }
      case "task.acquire": {
        const response = await send(request);
        const tags = promiseIn(response)?.tags;
        if (tags !== undefined) remember(request.data.id, tags[KIND_TAG] === "approval");
        // Something that it waits for has changed, or a deadline is over. The change may come from a program that is not ours.
        if (tasks.get(request.data.id) === true) feeder.touch(request.data.id);
        return response;
      }
      case "task.suspend": {
        const response = await send(request);
        // 300: it goes on at once.
        if (response.head.status !== 300) tasks.delete(request.data.id);
        return response;
      }
      case "task.release":
        tasks.delete(request.data.id);
        return await send(request);
      default:
        return await send(request);
    }
  };
  network.send = watched as Network["send"];
  return network;
}

type Change = Extract<Request, { kind: "promise.create" | "promise.settle" }>;

/** Approvals that it may change. What a settlement is about shows only in its answer. */
function subjectsOf(change: Change): readonly string[] {
  const { id } = change.data;
  const subject = change.kind === "promise.create" ? subjectOf(change.data) : (parentId(id) ?? id);
  return subject === undefined ? [] : [subject];
}

/** Those of `subjects` that it may have changed; none if its promise is not part of an approval. */
function changedBy(response: Response, subjects: readonly string[]): readonly string[] {
  const promise = promiseIn(response);
  return promise !== undefined && subjectOf(promise) === undefined ? [] : subjects;
}

interface Tagged {
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
}

function promiseIn({ data }: Response): Tagged | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { promise, action } = data as {
    readonly promise?: Tagged;
    readonly action?: { readonly data?: { readonly promise?: Tagged } };
  };
  return promise ?? action?.data?.promise;
}
