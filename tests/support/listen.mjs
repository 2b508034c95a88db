// Listens to documents and collections as a customer, with Firebase's own SDK, and prints what the
// listeners get as lines of JSON: {path, documents: {path: fields}} or {path, error}.
//
// usage: node listen.mjs EMAIL PASSWORD PATH...
// A path with an even number of parts is a document; another one is a collection.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { initializeApp } = require('firebase/app');
const auth = require('firebase/auth');
const store = require('firebase/firestore');

const [email, password, ...paths] = process.argv.slice(2);
const app = initializeApp({ projectId: process.env.GCLOUD_PROJECT, apiKey: 'any' });
const users = auth.getAuth(app);
auth.connectAuthEmulator(users, `http://${process.env.FIREBASE_AUTH_EMULATOR_HOST}`, {
  disableWarnings: true,
});
const [host, port] = process.env.FIRESTORE_EMULATOR_HOST.split(':');
const database = store.getFirestore(app);
store.setLogLevel('silent');
store.connectFirestoreEmulator(database, host, Number(port));
await auth.signInWithEmailAndPassword(users, email, password);

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

for (const path of paths) {
  const isDocument = path.split('/').length % 2 === 0;
  const target = isDocument ? store.doc(database, path) : store.collection(database, path);
  store.onSnapshot(
    target,
    (snapshot) => {
      const found = isDocument ? [snapshot].filter((one) => one.exists()) : snapshot.docs;
      say({ path, documents: Object.fromEntries(found.map((one) => [one.ref.path, one.data()])) });
    },
    (error) => say({ path, error: error.code }),
  );
}
