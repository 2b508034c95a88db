/** Registers the service worker, knows when a newer build waits, and takes it. */

let waiting: (() => void) | undefined;
const told = new Set<() => void>();

const supported = import.meta.env.PROD && 'serviceWorker' in navigator;

/** Calls back when `newerBuild` has changed; ends with the call of what it returns. */
export function watchNewerBuild(changed: () => void): () => void {
  told.add(changed);
  return () => told.delete(changed);
}

/** Where a newer build waits: begins to use it, and the page then loads again. */
export function newerBuild(): (() => void) | undefined {
  return waiting;
}

/** Once, whatever page is shown: a release that fails on every page must not be the last one. */
export async function registerWorker(): Promise<void> {
  if (!supported) return;
  // Without one in charge this is the first visit: nothing is replaced when it takes over.
  if (navigator.serviceWorker.controller) reloadWhenTaken();
  const registration = await navigator.serviceWorker.register('/sw.js');
  const offer = () => {
    const next = registration.waiting;
    if (!next || !navigator.serviceWorker.controller) return;
    waiting = () => take(next);
    for (const changed of told) changed();
  };
  offer();
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', offer);
  });
  // An installed app stays open for weeks, and the browser looks for a newer build at a load only.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible') return;
    // Without a network there is nothing to find.
    registration.update().catch((error: unknown) => console.warn(error));
  });
}

/** Loads the page again, with the newest build that there is. */
export async function loadNewest(): Promise<void> {
  const next = await newest().catch((error: unknown) => console.warn(error));
  if (next) take(next);
  else location.reload();
}

let reloading = false;

/** In every tab: the parts of the build that it came from are not kept any longer. */
function reloadWhenTaken(): void {
  if (reloading) return;
  reloading = true;
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), {
    once: true,
  });
}

function take(next: ServiceWorker): void {
  reloadWhenTaken();
  next.postMessage('use-now');
}

/** Asks the site for a newer build, and waits until it is complete. */
async function newest(): Promise<ServiceWorker | null | undefined> {
  if (!supported) return undefined;
  const registration = await navigator.serviceWorker.getRegistration();
  await registration?.update();
  const coming = registration?.installing;
  if (!coming) return registration?.waiting;
  return new Promise((resolve) => {
    coming.addEventListener('statechange', () => {
      if (coming.state !== 'installing') resolve(coming.state === 'installed' ? coming : null);
    });
  });
}
