/**
 * Keeps the parts of the pages of this version, so that a page that is open goes on after the server was replaced by a newer one,
 * which has others. `ASSETS` and `VERSION` are put in by the build.
 *
 * It answers requests for parts alone. It never takes over a page: a newer worker waits until all pages of this one are closed,
 * and then drops what this one kept.
 */

const CACHE = `milepost-${VERSION}`;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(ASSETS)));
});

self.addEventListener('activate', (event) => {
  const old = (name) => name.startsWith('milepost-') && name !== CACHE;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))));
});

self.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== 'GET' || origin !== self.location.origin || !pathname.startsWith('/assets/')) return;
  // Names contain a hash: what is there is right.
  event.respondWith(caches.match(pathname).then((kept) => kept ?? fetch(event.request)));
});
