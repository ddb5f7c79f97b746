/** What stand-ins in all threads of the measured service share. */
import { appendFileSync } from "node:fs";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import type { Network, Request } from "@resonatehq/sdk";
import type { Service } from "../../../../src/lib/service.ts";

/** How the service is to be run; threads that start later find it. */
export interface Seams {
  readonly signalPort: number;
  /** Where the simple workflow mails to, and the product. Undefined: nothing is mailed. */
  readonly smtpUrl: string | undefined;
  /** One number: what gateway and workers asked of the engine. */
  readonly requests: SharedArrayBuffer;
  /** A file that gets a line for each request before it is sent, and one for each suspension that was taken. */
  readonly record?: string;
}

/** A line of the record. */
export type Recorded = { readonly request: Request } | { readonly rested: string };

const NAME = "countersign bench";

export function provideSeams(seams: Seams): void {
  setEnvironmentData(NAME, seams);
}

export function seams(): Seams {
  return getEnvironmentData(NAME) as unknown as Seams;
}

/** The service, once it is ready; whoever started it stops it, not signals. Of the first thread alone. */
export const service: PromiseWithResolvers<Service> = Promise.withResolvers<Service>();

/** Counts what passes, and writes it to the record if there is one. */
export function counted(send: Network["send"]): Network["send"] {
  const { requests, record } = seams();
  const count = new Uint32Array(requests);
  const note = (file: string, line: Recorded) => appendFileSync(file, `${JSON.stringify(line)}\n`);
  const tap = async (request: Request) => {
    Atomics.add(count, 0, 1);
    if (record === undefined) return await send(request);
    // At once, so that the lines of all threads are in the order of what happened.
    note(record, { request });
    const response = await send(request);
    if (request.kind === "task.suspend") note(record, { rested: request.data.id });
    return response;
  };
  return tap as Network["send"];
}
