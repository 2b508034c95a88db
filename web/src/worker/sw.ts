/// <reference lib="webworker" />
/**
 * The service worker: the app starts without a network. It keeps the build's own files and the
 * site's answer to where the back end is; what customers see comes from Firestore's own copy.
 */
export {};

declare const self: ServiceWorkerGlobalScope;

/** The build's files and its name, put in by vite.pwa.ts. */
declare const BUILD_FILES: readonly string[];
declare const BUILD_NAME: string;

const BUILD = `build-${BUILD_NAME}`;
const PLACES = 'places';
const START = '/index.html';

/** The whole build or nothing. */
async function keepBuild(): Promise<void> {
  const cache = await caches.open(BUILD);
  const keep = async (path: string) => {
    // Asked of the site each time: what the browser has kept may be from before this build.
    const response = await fetch(path, { cache: 'no-cache' });
    const isPage = response.headers.get('Content-Type')?.startsWith('text/html') ?? false;
    if (!response.ok || isPage !== (path === START)) {
      throw new Error(`${path}: HTTP ${response.status}, a page: ${isPage}`);
    }
    await cache.put(path, response);
  };
  await Promise.all([...BUILD_FILES, START].map(keep));
}

self.addEventListener('install', (event) => {
  event.waitUntil(keepBuild());
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name !== BUILD && name !== PLACES) await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  );
});

/** The page has asked its reader, and loads itself again. */
self.addEventListener('message', (event) => {
  if (event.data === 'use-now') event.waitUntil(self.skipWaiting());
});

async function fromNetworkFirst(request: Request): Promise<Response> {
  const cache = await caches.open(PLACES);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request);
    if (kept) return kept;
    throw error;
  }
}

async function fromBuild(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(BUILD);
  return (await cache.match(path)) ?? fetch(request);
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (pathname.startsWith('/__/firebase/init')) {
    event.respondWith(fromNetworkFirst(request));
  } else if (request.mode === 'navigate' && !pathname.startsWith('/__/')) {
    event.respondWith(fromBuild(START, request));
  } else if (BUILD_FILES.includes(pathname)) {
    event.respondWith(fromBuild(pathname, request));
  }
});
