/**
 * A witness as c2sp.org/tlog-witness has it, with cosignatures of c2sp.org/tlog-cosignature (v1, Ed25519). Written from these
 * texts, and with nothing of the product: what the product does is held against it.
 */
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isConsistent, treeHead } from "./merkle-proofs.ts";

interface Tree {
  readonly size: number;
  readonly root: Buffer;
}

export interface TestWitness extends AsyncDisposable {
  readonly url: string;
  readonly name: string;
  /** Its verifier key. */
  readonly key: string;
  /** The newest that it has cosigned of each log. */
  readonly logs: Map<string, Tree>;
  /** Status of each answer so far. */
  readonly statuses: number[];
  /** Answers in its place, if it says so. */
  instead: ((res: ServerResponse) => boolean) | undefined;
  /** What its clock says, in seconds. */
  seconds: () => number;
  close(): Promise<void>;
}

/** @param logs verifier keys that it knows; it asks each time, so that they may be made later */
export async function startWitness(name: string, logs: () => readonly string[]): Promise<TestWitness> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const id = keyId(name, 4, raw);
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      if (witness.instead?.(res) === true) return;
      const {
        status,
        body,
        type = "text/plain",
      } = req.method === "POST" && req.url === "/add-checkpoint"
        ? answer(Buffer.concat(chunks).toString())
        : { status: 404, body: "nothing here\n" };
      witness.statuses.push(status);
      res.writeHead(status, { "Content-Type": type }).end(body);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const answer = (request: string): { status: number; body: string; type?: string } => {
    const end = request.indexOf("\n\n");
    const [old = "", ...proofLines] = request.slice(0, end).split("\n");
    const checkpoint = request.slice(end + 2);
    const older = /^old (0|[1-9]\d*)$/u.exec(old)?.[1];
    const split = checkpoint.lastIndexOf("\n\n");
    if (
      end === -1 ||
      older === undefined ||
      split === -1 ||
      proofLines.length > 63 ||
      !checkpoint.endsWith("\n")
    )
      return { status: 400, body: "malformed\n" };
    const text = checkpoint.slice(0, split + 1);
    const [origin = "", size = "", root = ""] = text.split("\n");
    const keys = logs()
      .map(parseKey)
      .filter((key) => key.name === origin);
    if (keys.length === 0) return { status: 404, body: "unknown log\n" };
    const signatures = checkpoint
      .slice(split + 2, -1)
      .split("\n")
      .map(parseLine);
    const known = signatures.flatMap((line) => {
      const key = keys.find((each) => each.name === line.name && each.id.equals(line.bytes.subarray(0, 4)));
      return key === undefined ? [] : [verify(null, Buffer.from(text), key.object, line.bytes.subarray(4))];
    });
    if (known.length === 0 || known.includes(false)) return { status: 403, body: "not signed\n" };
    const tree = { size: Number(size), root: Buffer.from(root, "base64") };
    if (Number(older) > tree.size) return { status: 400, body: "old is larger\n" };
    const before = witness.logs.get(origin) ?? { size: 0, root: treeHead([]) };
    if (before.size !== Number(older))
      return { status: 409, body: `${before.size}\n`, type: "text/x.tlog.size" };
    const proof = proofLines.map((line) => Buffer.from(line, "base64"));
    const isFine =
      before.size === 0
        ? proof.length === 0 && (tree.size > 0 || tree.root.equals(treeHead([])))
        : isConsistent(before, tree, proof);
    if (!isFine) return { status: 422, body: "not consistent\n" };
    witness.logs.set(origin, tree);
    const seconds = witness.seconds();
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(BigInt(seconds));
    const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`), privateKey);
    return { status: 200, body: `— ${name} ${Buffer.concat([id, time, signature]).toString("base64")}\n` };
  };
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  const witness: TestWitness = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    name,
    key: `${name}+${id.toString("hex")}+${Buffer.concat([Buffer.of(4), raw]).toString("base64")}`,
    logs: new Map(),
    statuses: [],
    instead: undefined,
    seconds: () => Math.floor(Date.now() / 1_000),
    close,
    [Symbol.asyncDispose]: close,
  };
  return witness;
}

function keyId(name: string, type: number, raw: Buffer): Buffer {
  return createHash("sha256").update(`${name}\n`).update(Buffer.of(type)).update(raw).digest().subarray(0, 4);
}

function parseKey(text: string) {
  const [name, , encoded] = splitKey(text);
  const raw = Buffer.from(encoded, "base64").subarray(1);
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]);
  return {
    name,
    id: keyId(name, 1, raw),
    object: createPublicKey({ key: der, format: "der", type: "spki" }),
  };
}

/** Base64 may have a plus, too. */
function splitKey(text: string): [string, string, string] {
  const first = text.indexOf("+");
  const second = text.indexOf("+", first + 1);
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)];
}

function parseLine(line: string): { name: string; bytes: Buffer } {
  const [dash, name = "", encoded = ""] = line.split(" ");
  return dash === "—"
    ? { name, bytes: Buffer.from(encoded, "base64") }
    : { name: "", bytes: Buffer.alloc(0) };
}
