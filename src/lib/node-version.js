/**
 * Loaded before everything else, and so JavaScript that old versions of Node read: where the wrong Node runs, it says so
 * in one line and ends, since all that follows would fail by a syntax that this Node does not have.
 */

/** As `engines` in package.json says. */
const NEEDED = 26;

const { version, execPath, stderr } = process;

if (Number(version.slice(1).split(".")[0]) < NEEDED) {
  stderr.write(
    `Cannot start: ${execPath} is Node ${version.slice(1)}, and Countersign needs ${NEEDED} or newer. npm ci installs one by a script, which --ignore-scripts leaves out: run "npm rebuild node --ignore-scripts=false"\n`,
  );
  process.exit(1);
}
