// Loaded into the Firebase CLI before it starts (`node --require`); fixes six problems of local runs.

const { createRequire } = require("node:module");
const path = require("node:path");

const tools = path.join(__dirname, "..", "tools", "node_modules", "firebase-tools");
const requireInTools = createRequire(path.join(tools, "package.json"));

// 1. Every worker of the functions emulator gets its own port.
//
// firebase-tools asks portfinder for a free port and starts the worker, which binds it half a second
// later. Two workers that start in that time can get the same port, and then the requests for one
// function reach the other. LOCAL_STACK_WORKER_PORTS is "first-last", both included; no other stack
// uses these ports.

const [first, last] = process.env.LOCAL_STACK_WORKER_PORTS.split("-").map(Number);
const portfinder = requireInTools("portfinder");
const findPort = portfinder.getPortPromise;

let next = first;

function nextPort() {
  const port = next;
  next = port < last ? port + 1 : first;
  return port;
}

portfinder.getPortPromise = async () => {
  for (let tries = first; tries <= last; tries += 1) {
    const port = nextPort();
    try {
      return await findPort({ port, stopPort: port });
    } catch {
      // An earlier worker still uses it: try the next.
    }
  }
  throw new Error(`There is no free port for a worker of the functions between ${first} and ${last}`);
};

// 2. The Auth emulator compiles the validator of a request when the request arrives.
//
// It would compile all of them at its start. There are several hundred, which takes 6 to 9 of the 16
// seconds that the emulators need to start.

const exegesis = requireInTools("exegesis-express");
const middleware = exegesis.middleware;

exegesis.middleware = (description, options) =>
  middleware(description, { ...options, lazyCompileValidationSchemas: true });

// 3. Only a few messages of Pub/Sub are handled at a time.
//
// The functions emulator gives a worker one request at a time, and starts another worker for each
// message that arrives meanwhile, up to a thousand. A fleet that publishes while the first worker starts
// would overload the machine.

const MESSAGES_UNDER_WAY = 4;
const { PubSub } = requireInTools("@google-cloud/pubsub");
const createSubscription = PubSub.prototype.createSubscription;

PubSub.prototype.createSubscription = function create(topic, name, options, ...rest) {
  const flowControl = { maxMessages: MESSAGES_UNDER_WAY, allowExcessMessages: false };
  return createSubscription.call(this, topic, name, { ...options, flowControl }, ...rest);
};

// 4. A Pub/Sub emulator that is slow to stop is not killed by its name.
//
// firebase-tools would kill every Pub/Sub emulator on the machine, including those of other stacks.
// local/stack.py, which started the CLI, ends this stack's emulator.

const childProcess = require("node:child_process");
const execSync = childProcess.execSync;

childProcess.execSync = (command, ...rest) => {
  if (String(command).includes("pubsub_pids")) {
    throw new Error("The Pub/Sub emulator did not stop in time; local/stack.py will end it");
  }
  return execSync(command, ...rest);
};

// 5. A scheduled function has the address that it has in the cloud, by which local/schedules.py runs it.
//
// firebase-tools waits for messages on a topic instead, as for functions of the first generation, and
// cannot deliver them to one of the second. Its address has a number that changes when the triggers are
// switched off and on.

const { FunctionsEmulator } = requireInTools("./lib/emulator/functionsEmulator");
const getTriggerKey = FunctionsEmulator.prototype.getTriggerKey;

FunctionsEmulator.prototype.getTriggerKey = function key(definition) {
  return definition.schedule ? definition.id : getTriggerKey.call(this, definition);
};

// 6. A new file of the functions, and a deleted one, is picked up like a changed one.
//
// firebase-tools waits for changes alone. A new file is then seen only if it is still being written
// when the watcher has noticed it, so it depended on luck whether a new offer.json had an effect.

const chokidar = requireInTools("chokidar");
const watch = chokidar.watch;

chokidar.watch = (paths, options) => {
  const watcher = watch(paths, { ...options, ignoreInitial: true });
  const on = watcher.on;
  watcher.on = (event, listener) => {
    if (event === "change") {
      on.call(watcher, "add", listener);
      on.call(watcher, "unlink", listener);
    }
    return on.call(watcher, event, listener);
  };
  return watcher;
};

// 7. The functions get the secrets of the run.
//
// firebase-tools reads them from the functions' folder, where there is one file for all runs; but the
// port of the mail server, which is part of a secret, differs from run to run.

requireInTools("./lib/emulator/functionsEmulatorShared").getSecretLocalPath = () =>
  process.env.LOCAL_STACK_SECRETS;
