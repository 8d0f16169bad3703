import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const SVG = 'image/svg+xml';

/** Every address that has a file behind it. Nothing else is read, so no address can name a file of its own. */
const FILES = {
  '/': { file: '../src/page/index.html', type: HTML },
  '/icon.svg': { file: '../src/page/icon.svg', type: SVG },
  '/page/theme.css': { file: '../src/page/theme.css', type: CSS },
  '/page/layout.css': { file: '../src/page/layout.css', type: CSS },
  '/page/connection.css': { file: '../src/page/connection.css', type: CSS },
  '/page/room.css': { file: '../src/page/room.css', type: CSS },
  '/page/composer.css': { file: '../src/page/composer.css', type: CSS },
  '/page/main.js': { file: '../dist/page/main.js', type: SCRIPT },
  '/page/view.js': { file: '../dist/page/view.js', type: SCRIPT },
  '/page/connection.js': { file: '../dist/page/connection.js', type: SCRIPT },
  '/page/backoff.js': { file: '../dist/page/backoff.js', type: SCRIPT },
  '/page/close-codes.js': { file: '../dist/page/close-codes.js', type: SCRIPT },
  '/clip.js': { file: '../dist/clip.js', type: SCRIPT },
  '/protocol.js': { file: '../dist/protocol.js', type: SCRIPT },
} as const;

/**
 * Sent with every answer. The page may load its own files and talk to its own server, and do nothing else;
 * `require-trusted-types-for` makes the browser refuse to turn any string into HTML.
 */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
} as const;

/** Answers with a short plain text. */
export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(`${text}\n`);
  response.writeHead(status, {
    ...HEADERS,
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': body.length,
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** Reads the page's files once and gives the function that serves them, for `GET` and `HEAD`. */
export async function loadFiles(): Promise<(request: IncomingMessage, response: ServerResponse) => void> {
  const loaded = await Promise.all(
    Object.entries(FILES).map(async ([path, { file, type }]) => {
      const body = await readFile(new URL(file, import.meta.url));
      return [path, { body, type }] as const;
    }),
  );
  const files = new Map(loaded);
  return (request, response) => {
    const file = files.get(pathOf(request));
    if (file === undefined) {
      sendText(response, 404, 'There is nothing here. The chat is at /');
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      sendText(response, 405, 'Only GET and HEAD are served here.', { Allow: 'GET, HEAD' });
    } else {
      response.writeHead(200, {
        ...HEADERS,
        'Content-Type': file.type,
        'Content-Length': file.body.length,
      });
      response.end(request.method === 'HEAD' ? undefined : file.body);
    }
  };
}

/** The path that a request asks for, without its query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}
