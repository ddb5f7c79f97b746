import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { PACKAGE_ROOT } from "./package-root.ts";

/** A file of `views/assets`, held in memory: there are few and they are small. */
export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  /** Path with a version; a browser may keep what it got under it for good. */
  readonly href: string;
  readonly version: string;
}

/** The style sheet, pictures and script of our pages, by file name. */
export function loadAssets(): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(FOLDER)) {
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
    if (type === undefined) continue;
    const body = readFileSync(new URL(name, FOLDER));
    const version = createHash("sha256").update(body).digest("hex").slice(0, 12);
    assets.set(name, { type, body, version, href: `/assets/${name}?v=${version}` });
  }
  return assets;
}

const FOLDER = new URL("views/assets/", PACKAGE_ROOT);
const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  js: "text/javascript; charset=utf-8",
};
