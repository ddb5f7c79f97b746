/**
 * Loaded before everything else, and so JavaScript that old versions of Node read: where the wrong Node runs, it says so
 * in one line and ends, because everything after it would fail with a syntax or a module that this Node does not have.
 */

/** Major and minor, as `engines` in package.json says: from here on Node strips types, and has SQLite without a flag. */
const NEEDED = [22, 18];

const { version, execPath, stderr } = process;
const [major, minor] = version.slice(1).split(".").map(Number);

if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1]) || major === 23) {
  // An installed package can only be run by another Node; a checkout has one.
  const advice = import.meta.url.includes("/node_modules/")
    ? ""
    : '. A checkout has one of its own, which npm ci installs by a script; --ignore-scripts leaves it out: run "npm rebuild node --ignore-scripts=false"';
  stderr.write(
    `Cannot start: ${execPath} is Node ${version.slice(1)}, and Countersign needs 22.18, 24 or newer${advice}\n`,
  );
  process.exit(1);
}
