import { describe, expect, it } from 'vitest';
import { readRequest } from '../src/index.js';
import { request } from './example.js';

describe('requests of the field (§4.2.1)', () => {
  it.each([
    ['/a#b', '/a'],
    ['/?a=#b#c', '/?a='],
    ['http://a/#', 'http://a/'],
  ])('takes the request target %j without its fragment (§3)', (url, kept) => {
    expect(readRequest(request({}, { url }))).toMatchObject({ ok: true, url: kept });
  });

  it.each(['[fe80::1%eth0]:8080', '[fe80::1%25eth0]', '[fe80::1%1]'])(
    'takes the Host %j, with a zone id (RFC 6874 §2)',
    (host) => expect(readRequest(request({ Host: host }))).toMatchObject({ ok: true, host }),
  );

  it('takes an empty Sec-WebSocket-Extensions field for no offer (§9.1)', () => {
    expect(readRequest(request({ 'Sec-WebSocket-Extensions': '' }))).toMatchObject({
      ok: true,
      extensions: [],
    });
  });

  it.each(['\t13 ', ' 13\t'])(
    'takes whitespace around the value %j for no part of it (RFC 9110 §5.5)',
    (version) => {
      expect(readRequest(request({ 'Sec-WebSocket-Version': version })).ok).toBe(true);
    },
  );

  it('tells who comes by HTTP/1.0 which setting of nginx helps (§4.2.1)', () => {
    const refusal = readRequest(request({}, { httpVersion: '1.0' }));
    expect(refusal).toMatchObject({ status: 400, body: expect.stringContaining('proxy_http_version 1.1') });
  });
});
