import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Router, type Response } from 'express';

/** What an address of the page may look like. They all get the same document, which reads the rest from the address. */
const views = ['/', '/incidents/:id', '/entity', '/graph', '/sources'];

/**
 * The page loads its own files and talks to its own server, and no text becomes markup or script: the browser refuses it even where
 * the page had a fault (trusted types). `connect-src 'self'` covers the WebSocket.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface PageFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
}

/**
 * Serves the built page from memory: a few hundred kilobytes that never change while the process runs. Null when `folder` holds no
 * built page, as in a checkout that was only compiled.
 */
export function createPage(folder: string): Router | null {
  if (!existsSync(join(folder, 'index.html'))) return null;
  const document = read(join(folder, 'index.html'));
  const assets = new Map(
    readdirSync(join(folder, 'assets')).map((name) => [name, read(join(folder, 'assets', name))] as const),
  );
  const router = Router();
  router.get(views, (request, response, next) => {
    // A browser asks for HTML before all else; curl and probes of people take anything and get a word of text.
    if (request.path === '/' && request.accepts(['text/plain', 'text/html']) !== 'text/html') return next();
    response.set({ 'content-security-policy': policy, vary: 'accept, accept-encoding' });
    send(response, document, request.acceptsEncodings('gzip') !== false);
  });
  router.get('/assets/:name', (request, response, next) => {
    const asset = assets.get(request.params.name);
    if (!asset) return next();
    // The name holds a hash of the content.
    response.set({ 'cache-control': 'public, max-age=31536000, immutable', vary: 'accept-encoding' });
    send(response, asset, request.acceptsEncodings('gzip') !== false);
  });
  return router;
}

function read(path: string): PageFile {
  const plain = readFileSync(path);
  return { type: types[extname(path)] ?? 'application/octet-stream', plain, gzip: gzipSync(plain, { level: 9 }) };
}

function send(response: Response, file: PageFile, gzip: boolean): void {
  if (gzip) response.set('content-encoding', 'gzip');
  response.set('content-type', file.type).send(gzip ? file.gzip : file.plain);
}
