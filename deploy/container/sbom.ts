/**
 * Makes the list of what is in the image, in CycloneDX: of npm's list, which has all of the lock file, what is installed
 * without development dependencies; Node itself; and Debian's packages, which come in as lines of `name version`.
 */
import { readFileSync } from "node:fs";

interface Bom {
  readonly components: readonly {
    readonly group?: string;
    readonly name: string;
    readonly version: string;
    readonly "bom-ref": string;
  }[];
  readonly dependencies?: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}
interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly dev?: boolean; readonly devOptional?: boolean }>
  >;
}

const [npmList = ""] = process.argv.slice(2);
const bom = JSON.parse(readFileSync(npmList, "utf8")) as Bom;
const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as Lock;
const installed = new Set(
  Object.entries(lock.packages)
    .filter(([path, { dev, devOptional }]) => path !== "" && dev !== true && devOptional !== true)
    .map(([path, { version }]) => `${path.slice(path.lastIndexOf("node_modules/") + 13)}@${version}`),
);
const packages = bom.components.filter(({ group, name, version }) =>
  installed.has(`${group === undefined ? "" : `${group}/`}${name}@${version}`),
);
if (packages.length !== installed.size) {
  throw new Error(`npm lists ${packages.length} of the ${installed.size} packages that are installed`);
}

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
  ...packages,
  { type: "application", name: "node", version: node, "bom-ref": purl, purl },
  ...debian,
];
const gone = new Set(
  bom.components.filter((each) => !packages.includes(each)).map((each) => each["bom-ref"]),
);
const dependencies = bom.dependencies
  ?.filter(({ ref }) => !gone.has(ref))
  .map((each) => ({ ...each, dependsOn: each.dependsOn?.filter((ref) => !gone.has(ref)) }));
process.stdout.write(`${JSON.stringify({ ...bom, components, dependencies }, null, 2)}\n`);
