/**
 * Says what to do where Node is too old for the library: the first import of what users import, so that it speaks before anything else
 * runs. What Node 20 lacks (`node:sqlite`, Zstandard) is therefore taken at run time and never imported by name: a module graph that
 * does not link is refused before its first line runs, with the name of an export that nobody has heard of.
 */
const NODE_MAJOR_MIN = 24;
const { node } = process.versions;

if (Number.parseInt(node, 10) < NODE_MAJOR_MIN) {
  throw new Error(
    `Bide needs Node ${NODE_MAJOR_MIN} or newer as a library, this is Node ${node}. Run your program with a newer one: \`npm install node@${NODE_MAJOR_MIN}\` brings it, for \`npx bide\` too.`,
  );
}
