import { expect, test } from "vitest";
import { loadConfig } from "../../../src/config/config.ts";
import { problemsOf } from "./problems.ts";

/** As litewitness prints it. */
const KEY = "witness.example/lite+4a37d360+BB6MbAOJ+ReaGZ+rx/mGps4QJYfVFOKf9mPb3xShag4t";
const W2 = "witness.example/td+1b3db8f2+BAMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD";

test("LOG_WITNESSES names keys and addresses", () => {
  const { engine } = loadConfig(
    { LOG_WITNESSES: `${KEY} https://witness.example/lite/ , ${W2}  http://127.0.0.1:7380` },
    "gateway",
  );
  expect(engine.kind === "embedded" && engine.logWitnesses).toMatchObject([
    { key: { name: "witness.example/lite", id: "4a37d360" }, url: "https://witness.example/lite" },
    { key: { name: "witness.example/td" }, url: "http://127.0.0.1:7380" },
  ]);
});

test.each([
  ["nothing", "witness 1 must be a verifier key, written name+id+key"],
  [KEY, "witness 1 must be a verifier key, a space, and an http or https URL without query and user"],
  [`${KEY} ftp://witness.example`, "witness 1 must be a verifier key, a space, and an http or https URL"],
  [
    `${KEY} https://user@witness.example`,
    "witness 1 must be a verifier key, a space, and an http or https URL",
  ],
  [`${KEY} https://a.example/?`, "witness 1 must be a verifier key, a space, and an http or https URL"],
  [`${KEY} https://a.example more`, "witness 1 must be a verifier key, a space, and an http or https URL"],
  [
    `${KEY.replace("lite+", "lite2+")} https://a.example`,
    "witness 1 has an id that is not the one of its name and key",
  ],
  ["a+00000000+AR6MbAOJ https://a.example", "witness 1 is a key of type 1, not 4"],
  [
    "a+00000000+Bh6MbAOJ https://a.example",
    "witness 1 is a key of type 6 (ML-DSA-44), which is not supported",
  ],
  ["a+00000000+BB6MbAOJ https://a.example", "witness 1 has a key of 5 bytes, not 32"],
  [`${KEY} https://a.example, ${KEY} https://b.example`, "must have each witness once"],
])("LOG_WITNESSES=%s is refused", (text, problem) => {
  expect(problemsOf({ LOG_WITNESSES: text })).toContainEqual(expect.stringContaining(problem));
});

test("LOG_WITNESSES has no use without a log", () => {
  const LOG_WITNESSES = `${KEY} https://witness.example`;
  expect(problemsOf({ LOG_WITNESSES, EVENT_LOG: "off" })).toEqual([
    "LOG_WITNESSES has no use with EVENT_LOG=off: set one of the two",
  ]);
  expect(problemsOf({ LOG_WITNESSES, RESONATE_URL: "http://127.0.0.1:8001" })).toContainEqual(
    "LOG_WITNESSES has no use with RESONATE_URL: there is no log of events on that server",
  );
});
