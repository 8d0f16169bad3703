import { describe, expect, it } from 'vitest';
import { readRequest, refuse } from '../src/index.js';
import { request } from './example.js';

describe('refusals', () => {
  it('are ready responses whose body says why (§4.2.1)', () => {
    const refusal = readRequest(request({ Host: undefined }));
    if (refusal.ok) throw new Error('not refused');
    expect(refusal.head + refusal.body).toBe(
      'HTTP/1.1 400 Bad Request\r\n' +
        'Connection: close\r\n' +
        'Content-Type: text/plain; charset=utf-8\r\n' +
        'Content-Length: 25\r\n\r\n' +
        'the Host field is missing',
    );
  });

  it('name the one version understood, and the upgrade, when the version is another (§4.4, RFC 9110 §15.5.22)', () => {
    const refusal = readRequest(request({ 'Sec-WebSocket-Version': '25' }));
    if (refusal.ok) throw new Error('not refused');
    expect(refusal.head).toBe(
      'HTTP/1.1 426 Upgrade Required\r\n' +
        'Connection: Upgrade, close\r\n' +
        'Content-Type: text/plain; charset=utf-8\r\n' +
        'Content-Length: 39\r\n' +
        'Sec-WebSocket-Version: 13\r\n' +
        'Upgrade: websocket\r\n\r\n',
    );
    expect(refusal.body).toBe('the only version understood is 13: "25"');
  });

  it('name the upgrade and its version when the request asks for none (§4.2.1, RFC 9110 §15.5.22)', () => {
    const refusal = readRequest(request({ Upgrade: undefined, Connection: 'keep-alive' }));
    if (refusal.ok) throw new Error('not refused');
    expect(refusal.head).toBe(
      'HTTP/1.1 426 Upgrade Required\r\n' +
        'Connection: Upgrade, close\r\n' +
        'Content-Type: text/plain; charset=utf-8\r\n' +
        'Content-Length: 43\r\n' +
        'Sec-WebSocket-Version: 13\r\n' +
        'Upgrade: websocket\r\n\r\n',
    );
    expect(refusal.body).toBe('the Upgrade field does not list "websocket"');
  });

  it.each([
    ['Upgrade', 'websocket', 'Upgrade, close'],
    ['upgrade', 'websocket', 'Upgrade, close'],
    ['X-Why', 'Upgrade', 'close'],
    ['X-Upgrade', 'websocket', 'close'],
  ])('with the field %s: %s have the Connection %s (RFC 9110 §7.8)', (name, value, connection) => {
    const { rawHeaders, head } = refuse(426, '', { [name]: value });
    expect(rawHeaders.slice(0, 2)).toEqual(['Connection', connection]);
    expect(head).toContain(`\r\nConnection: ${connection}\r\n`);
  });

  it('of the application carry its status, words and fields (§4.2.2: 401, 404)', () => {
    const refusal = refuse(401, 'log in', { 'WWW-Authenticate': 'Basic realm="chat"' });
    expect(refusal).toMatchObject({
      ok: false,
      status: 401,
      violation: undefined,
      section: undefined,
      message: 'log in',
    });
    expect(refusal.head).toBe(
      'HTTP/1.1 401 Unauthorized\r\n' +
        'Connection: close\r\n' +
        'Content-Type: text/plain; charset=utf-8\r\n' +
        'Content-Length: 6\r\n' +
        'WWW-Authenticate: Basic realm="chat"\r\n\r\n',
    );
    expect(refuse(404).body).toBe('Not Found');
    expect(refuse(302, 'there', { Location: 'wss://b/' }).head).toContain('\r\nLocation: wss://b/\r\n');
  });

  it('count the body in bytes of UTF-8, one character a byte', () => {
    const text = 'é €😀\ud800';
    const { head, body } = refuse(503, text);
    expect(Buffer.from(body, 'latin1')).toEqual(Buffer.from(text, 'utf8'));
    expect(head).toContain(`\r\nContent-Length: ${Buffer.byteLength(text)}\r\n`);
  });

  it('quote what the peer sent short and printable, so that logs stay whole', () => {
    const refusal = readRequest(request({ Host: `\x1b[31m\u2028"${'x'.repeat(5000)}` }));
    if (refusal.ok) throw new Error('not refused');
    expect(refusal.body).toMatch(/^[\x20-\x7e]{1,200}$/);
  });

  it.each([0, 99, 101, 200, 299, 600, 400.5, Number.NaN])('throw RangeError for the status %d', (status) => {
    expect(() => refuse(status)).toThrow(RangeError);
  });

  it.each([
    ['X', 'a\r\nb'],
    ['X Y', 'a'],
    ['Content-Length', '3'],
    ['Transfer-Encoding', 'chunked'],
    ['connection', 'keep-alive'],
  ])('throw TypeError for the field %j: %j', (name, value) => {
    expect(() => refuse(400, 'no', [[name, value]])).toThrow(TypeError);
  });
});
