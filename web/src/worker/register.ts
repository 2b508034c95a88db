/** Registers the service worker, and tells when a newer build waits to be used. */

/** Calls back with what begins to use the newer build; the page then loads again. */
export async function registerWorker(waiting: (use: () => void) => void): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  const registration = await navigator.serviceWorker.register('/sw.js');
  const offer = () => {
    const next = registration.waiting;
    // Without one in charge this is the first visit: nothing is replaced.
    if (!next || !navigator.serviceWorker.controller) return;
    waiting(() => {
      navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), {
        once: true,
      });
      next.postMessage('use-now');
    });
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
