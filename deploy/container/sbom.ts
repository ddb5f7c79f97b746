/** Adds to npm's list of what is in the package (a CycloneDX file) Node itself and Debian's packages, one `name version` a line. */
import { readFileSync } from "node:fs";

interface Bom {
  readonly components: readonly object[];
}

const [npmList = ""] = process.argv.slice(2);
const bom = JSON.parse(readFileSync(npmList, "utf8")) as Bom;
const debian = readFileSync(0, "utf8")
  .trim()
  .split("\n")
  .map((line) => {
    const [name = "", version = ""] = line.split(" ");
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}`;
    return { type: "library", name, version, "bom-ref": purl, purl };
  });
const { node } = process.versions;
const purl = `pkg:generic/node@${node}`;
const components = [
  ...bom.components,
  { type: "application", name: "node", version: node, "bom-ref": purl, purl },
  ...debian,
];
process.stdout.write(`${JSON.stringify({ ...bom, components }, null, 2)}\n`);
