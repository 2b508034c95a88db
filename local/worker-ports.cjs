// Gives every worker of the functions emulator a port of its own.
//
// firebase-tools asks portfinder for a free port and starts the worker, which binds it half a second
// later. Two workers started in that time can get the same port, and then the requests of one function
// reach the other. Loaded with `node --require` before the CLI; LOCAL_STACK_WORKER_PORTS is
// "first-last", both of them included, and belongs to this stack alone.

const { createRequire } = require("node:module");

const [first, last] = process.env.LOCAL_STACK_WORKER_PORTS.split("-").map(Number);
const portfinder = createRequire(require.resolve("../tools/node_modules/firebase-tools/package.json"))("portfinder");
const find = portfinder.getPortPromise;

let next = first;

function port() {
  const given = next;
  next = given < last ? given + 1 : first;
  return given;
}

portfinder.getPortPromise = async () => {
  for (let tries = first; tries <= last; tries += 1) {
    const candidate = port();
    try {
      return await find({ port: candidate, stopPort: candidate });
    } catch {
      // Still held by an earlier worker: take the next.
    }
  }
  throw new Error(`No free port for a function's worker between ${first} and ${last}`);
};
