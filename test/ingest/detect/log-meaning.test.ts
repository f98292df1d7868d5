import { describe, expect, test } from '@jest/globals';
import { readLogMeaning } from '../../../ingest/detect/log-meaning.js';

type Row = readonly [text: string, category: string, attributes: Readonly<Record<string, string | number>>];

const calls: readonly Row[] = [
  [
    'POST http://cart:8080/cart/user-1 failed: connect ECONNREFUSED 10.96.0.9:8080',
    'call.refused',
    { peer: 'cart:8080', peerHost: 'cart', peerPort: 8080, peerAddress: '10.96.0.9:8080' },
  ],
  ['GET /shop -> 502: cart:8080: connect ECONNREFUSED 10.96.0.9:8080', 'call.refused', { peer: 'cart:8080' }],
  [
    'Get "http://api.shop.svc:80/v1": dial tcp 10.96.0.9:80: connect: connection refused',
    'call.refused',
    { peer: 'api.shop.svc:80', peerAddress: '10.96.0.9:80' },
  ],
  [
    'java.net.ConnectException: Connection refused (Connection refused) connecting to orders:9092',
    'call.refused',
    { peer: 'orders:9092' },
  ],
  [
    "HTTPConnectionPool(host='users', port=5000): Max retries exceeded with url: /me (Caused by NewConnectionError: [Errno 111] Connection refused)",
    'call.refused',
    { peer: 'users:5000' },
  ],
  [
    "curl: (7) Failed to connect to search port 9200 after 3 ms: Couldn't connect to server",
    'call.refused',
    { peer: 'search:9200' },
  ],
  [
    'connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.3, server: _, request: "GET / HTTP/1.1", upstream: "http://10.0.0.9:3000/", host: "shop"',
    'call.refused',
    { peer: '10.0.0.9:3000' },
  ],
  [
    'could not connect to server: Connection refused Is the server running on host "db" (10.96.1.2) and accepting TCP/IP connections on port 5432?',
    'call.refused',
    { peer: 'db:5432' },
  ],
  [
    'PUT http://store:8080/kv/x failed: timeout after 1000ms',
    'call.timeout',
    { peer: 'store:8080', error: 'ETIMEDOUT' },
  ],
  [
    'Get "https://api:8443/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
    'call.timeout',
    { peer: 'api:8443' },
  ],
  ['GET http://api:8080/x failed: socket hang up', 'call.reset', { peer: 'api:8080' }],
  ['read tcp 10.0.0.1:5000->10.0.0.2:80: read: connection reset by peer', 'call.reset', {}],
  ['dial tcp 10.0.0.9:80: connect: no route to host', 'call.unreachable', { peer: '10.0.0.9:80' }],
  [
    'GET http://frontend:8080/shop failed: upstream 502 {"error":"Bad Gateway"}',
    'call.failed',
    { peer: 'frontend:8080', status: 502 },
  ],
  [
    'GET http://store:8080/kv failed: upstream 401 {"error":"invalid token"}',
    'call.unauthorized',
    { peer: 'store:8080', status: 401 },
  ],
  ['request to http://rates:80/v1 returned status code 429', 'call.rate-limited', { peer: 'rates:80', status: 429 }],
];

const names: readonly Row[] = [
  [
    'POST http://api:8080 failed: getaddrinfo ENOTFOUND api',
    'dns.failed',
    { name: 'api', error: 'ENOTFOUND', peer: 'api:8080' },
  ],
  [
    'GET http://store:8080/kv/items failed: getaddrinfo EAI_AGAIN store',
    'dns.failed',
    { name: 'store', error: 'EAI_AGAIN' },
  ],
  [
    'dial tcp: lookup api.shop.svc on 10.96.0.10:53: no such host',
    'dns.failed',
    { name: 'api.shop.svc', error: 'ENOTFOUND', dnsServer: '10.96.0.10:53' },
  ],
  [
    'dial tcp: lookup api on 10.96.0.10:53: read udp 10.0.0.1:400->10.96.0.10:53: i/o timeout',
    'dns.failed',
    { name: 'api', error: 'EAI_AGAIN' },
  ],
  ['java.net.UnknownHostException: billing', 'dns.failed', { name: 'billing' }],
  ['curl: (6) Could not resolve host: billing', 'dns.failed', { name: 'billing' }],
  ['requests: [Errno -2] Name or service not known', 'dns.failed', { error: 'ENOTFOUND' }],
];

const trust: readonly Row[] = [
  ['POST https://payment:8080/c failed: certificate has expired', 'tls.certificate-expired', { peer: 'payment:8080' }],
  [
    'x509: certificate has expired or is not yet valid: current time 2026-11-24T10:00:00Z is before 2027-01-01T00:00:00Z',
    'tls.certificate-not-yet-valid',
    {},
  ],
  [
    'Post "https://pay:443/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    'tls.verification-failed',
    { peer: 'pay:443' },
  ],
  [
    "Hostname/IP does not match certificate's altnames: Host: pay. is not in the cert's altnames",
    'tls.verification-failed',
    {},
  ],
  [
    'POST https://payment:8080/c failed: unable to verify the first certificate',
    'tls.verification-failed',
    { peer: 'payment:8080' },
  ],
  [
    'cannot read flags: 403 configmaps "flags" is forbidden: User "system:serviceaccount:shop:web" cannot get resource "configmaps" in API group "" in the namespace "shop"',
    'rbac.forbidden',
    {
      subject: 'system:serviceaccount:shop:web',
      serviceAccount: 'web',
      verb: 'get',
      resource: 'configmaps',
      namespace: 'shop',
    },
  ],
  ['FATAL: password authentication failed for user "app"', 'call.unauthorized', {}],
];

const itself: readonly Row[] = [
  ['missing required setting STORE_URL', 'config.setting-missing', { setting: 'STORE_URL' }],
  ['environment variable DATABASE_URL is not set', 'config.setting-missing', { setting: 'DATABASE_URL' }],
  ["KeyError: 'API_TOKEN'", 'config.setting-missing', { setting: 'API_TOKEN' }],
  ['listen EADDRINUSE: address already in use :::8080', 'app.port-in-use', { port: 8080 }],
  ['listen tcp :9090: bind: address already in use', 'app.port-in-use', { port: 9090 }],
  ["EMFILE: too many open files, open '/var/audit'", 'app.file-descriptors-exhausted', { error: 'EMFILE' }],
  ["ENOSPC: no space left on device, write '/data/x'", 'volume.full', { path: '/data/x' }],
  ["EROFS: read-only file system, open '/data/y'", 'volume.read-only', { path: '/data/y' }],
  ["EACCES: permission denied, open '/data/store.json'", 'volume.permission-denied', { path: '/data/store.json' }],
  ['open /data/db: permission denied', 'volume.permission-denied', { path: '/data/db' }],
  [
    'cannot load data file /data/store.json: Unterminated string in JSON at position 40',
    'app.data-corrupt',
    { path: '/data/store.json' },
  ],
  ['sqlite3.DatabaseError: database disk image is malformed', 'app.data-corrupt', {}],
  ['FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory', 'app.memory-exhausted', {}],
  ['java.lang.OutOfMemoryError: Java heap space', 'app.memory-exhausted', {}],
  ['java.lang.OutOfMemoryError: unable to create native thread', 'app.process-limit', {}],
  ['FATAL: sorry, too many clients already', 'db.connections-exhausted', {}],
  ['ERROR: deadlock detected', 'db.deadlock', {}],
  ['ERROR: cannot execute INSERT in a read-only transaction', 'db.read-only', {}],
  ['relation "orders" does not exist', 'db.schema-mismatch', {}],
  [
    "GET /items -> 500: TypeError: Cannot read properties of undefined (reading 'tea') at field (file:///app/server.mjs:120:70)",
    'log.exception',
    { exception: 'TypeError', status: 500 },
  ],
  ['order 17 was refused by the warehouse', 'log.error', {}],
];

describe.each([
  ['calls', calls],
  ['names', names],
  ['trust', trust],
  ['the program itself', itself],
])('what an error line means: %s', (_group, table) => {
  test.each(table)('%s', (text, category, attributes) => {
    const meaning = readLogMeaning(text, 'error', {});
    expect(meaning?.category).toBe(category);
    expect(meaning?.attributes).toMatchObject(attributes);
  });
});

test('a code beside the message counts as text', () => {
  expect(readLogMeaning('request failed', 'error', { error: 'ECONNREFUSED' })?.category).toBe('call.refused');
});

test('a place in a program is not a peer', () => {
  expect(readLogMeaning('timed out at worker.go:88', 'error', {})?.attributes.peer).toBeUndefined();
});

test('a server that turns a caller away has no problem of its own', () => {
  expect(readLogMeaning('PUT /kv/x -> 401: invalid token', 'error', {})).toBeNull();
});

test('lines of one meaning are the same whatever request they were about, and 502 and 504 of one peer are one story', () => {
  const same = (text: string) => readLogMeaning(text, 'error', {})!.same;
  expect(same('GET http://a:80/x/1 failed: upstream 502')).toBe(same('POST http://a:80/y/2 failed: upstream 504'));
  expect(same('GET http://a:80/x failed: upstream 502')).not.toBe(same('GET http://b:80/x failed: upstream 502'));
  expect(same('GET http://a:80/x failed: upstream 404')).not.toBe(same('GET http://a:80/x failed: upstream 502'));
});

test('without a level only a text that leaves no doubt counts', () => {
  expect(readLogMeaning('panic: runtime error: index out of range [3]', null, {})?.category).toBe('log.fatal');
  expect(readLogMeaning('2026/11/24 10:00:00 [error] 7#7: *1 open() "/x" failed', null, {})?.certain).toBe(true);
  expect(readLogMeaning('served 12 requests, 0 errors', null, {})).toBeNull();
  expect(readLogMeaning('processing order 12', null, {})).toBeNull();
});
