import { describe, expect, it } from 'vitest';
import { RequestHeadParser, ResponseHeadParser } from '../src/index.js';
import { bytes, thrown } from './example.js';

function parseRequest(text: string) {
  return new RequestHeadParser().push(bytes(text));
}

function parseResponse(text: string) {
  return new ResponseHeadParser().push(bytes(text));
}

const LINE = 'GET / HTTP/1.1\r\n';

describe('a request head (RFC 9112 §3, §5)', () => {
  it('is read with the bytes after it (§2.1)', () => {
    expect(parseRequest('GET /chat?a HTTP/1.1\r\nHost: a\r\nX:\t b c \t\r\nEmpty:\r\n\r\n\x81\0')).toEqual({
      head: {
        method: 'GET',
        url: '/chat?a',
        httpVersion: '1.1',
        rawHeaders: ['Host', 'a', 'X', 'b c', 'Empty', ''],
      },
      rest: Uint8Array.of(0x81, 0),
    });
  });

  it('may be without fields', () => {
    expect(parseRequest(`${LINE}\r\n`)).toEqual({
      head: { method: 'GET', url: '/', httpVersion: '1.1', rawHeaders: [] },
      rest: new Uint8Array(0),
    });
  });

  it('keeps bytes from 0x80 on in values, one character each (RFC 9110 §5.5)', () => {
    expect(parseRequest(`${LINE}X: \xe9\xff\x80\r\n\r\n`)?.head.rawHeaders).toEqual(['X', '\xe9\xff\x80']);
  });

  it('is the same byte by byte, and gives the rest of the last chunk only', () => {
    const parser = new RequestHeadParser();
    const text = `${LINE}Host: a\r\n\r\n`;
    for (const char of text.slice(0, -1)) expect(parser.push(bytes(char))).toBeUndefined();
    expect(parser.push(bytes('\nab'))).toEqual({
      head: { method: 'GET', url: '/', httpVersion: '1.1', rawHeaders: ['Host', 'a'] },
      rest: bytes('ab'),
    });
  });

  it('gives the rest as a view of the chunk, not as a copy', () => {
    const chunk = bytes(`${LINE}\r\nrest`);
    expect(new RequestHeadParser().push(chunk)?.rest.buffer).toBe(chunk.buffer);
  });

  it('does not keep the chunks: they may be written over', () => {
    const parser = new RequestHeadParser();
    const chunk = bytes(`${LINE}Host: exam`);
    parser.push(chunk);
    chunk.fill(0);
    expect(parser.push(bytes('ple\r\n\r\n'))?.head).toMatchObject({
      method: 'GET',
      rawHeaders: ['Host', 'example'],
    });
  });

  it.each([
    ...[
      '',
      'GET',
      'GET /',
      'GET  / HTTP/1.1',
      'GET / HTTP/1.1 ',
      ' GET / HTTP/1.1',
      'GET / http/1.1',
      'GET / HTTP/11',
      'GET / HTTP/1.1.1',
    ],
    ...[
      'GET / HTTP/1',
      'G(T / HTTP/1.1',
      'GET /\xe9 HTTP/1.1',
      'GET /a\tb HTTP/1.1',
      'GET / HTTP/1.1 x',
      'HTTP/1.1 200 OK',
      '/ HTTP/1.1',
    ],
  ])('is refused with the request line %j (RFC 9112 §3)', (line) => {
    expect(thrown(() => parseRequest(`${line}\r\n\r\n`))).toBe('request-line');
  });

  it.each([
    ['a bare LF after the request line', 'GET / HTTP/1.1\nHost: a\r\n\r\n', 'head-bare-lf'],
    ['a bare LF after a field', `${LINE}Host: a\n\r\n`, 'head-bare-lf'],
    ['a bare LF at the end', `${LINE}Host: a\r\n\n`, 'head-bare-lf'],
    ['only LF', '\n', 'head-bare-lf'],
    ['a bare CR in the request line', 'GET / \rHTTP/1.1\r\n\r\n', 'head-bare-cr'],
    ['a bare CR in a value', `${LINE}X: a\rb\r\n\r\n`, 'head-bare-cr'],
    ['a bare CR in a name', `${LINE}X\r: a\r\n\r\n`, 'head-bare-cr'],
    ['two CRs before LF', `${LINE}X: a\r\r\n\r\n`, 'head-bare-cr'],
    ['NUL in the request line', 'GET /\0 HTTP/1.1\r\n\r\n', 'head-control-character'],
    ['NUL in a value', `${LINE}X: a\0b\r\n\r\n`, 'head-control-character'],
    ['NUL in a name', `${LINE}X\0: a\r\n\r\n`, 'head-control-character'],
    ['DEL in a value', `${LINE}X: a\x7f\r\n\r\n`, 'head-control-character'],
    ['ESC in a value', `${LINE}X: \x1b[m\r\n\r\n`, 'head-control-character'],
    ['a line folded with a space', `${LINE}X: a\r\n b\r\n\r\n`, 'head-line-folded'],
    ['a line folded with a tab', `${LINE}X: a\r\n\tb\r\n\r\n`, 'head-line-folded'],
    ['a space before the first field', `${LINE} X: a\r\n\r\n`, 'head-line-folded'],
    ['a space before the colon', `${LINE}Host : a\r\n\r\n`, 'head-space-before-colon'],
    ['a tab before the colon', `${LINE}Host\t: a\r\n\r\n`, 'head-space-before-colon'],
    ['a field without colon', `${LINE}Host\r\n\r\n`, 'head-field-name'],
    ['a field without name', `${LINE}: a\r\n\r\n`, 'head-field-name'],
    ['a space in a name', `${LINE}Ho st: a\r\n\r\n`, 'head-field-name'],
    ['a separator in a name', `${LINE}Ho(st: a\r\n\r\n`, 'head-field-name'],
    ['a byte from 0x80 on in a name', `${LINE}H\xf6st: a\r\n\r\n`, 'head-field-name'],
  ])('is refused with %s (RFC 9112 §2.2, §5)', (_what, text, violation) => {
    expect(thrown(() => parseRequest(text))).toBe(violation);
    const parser = new RequestHeadParser();
    const feed = () => {
      for (const byte of bytes(text)) parser.push(Uint8Array.of(byte));
    };
    expect(thrown(feed)).toBe(violation);
  });

  it('is refused past 16 KiB, as soon as the byte after them arrives', () => {
    const parser = new RequestHeadParser();
    parser.push(bytes(LINE));
    const filler = `X: ${'a'.repeat(1019)}\r\n`;
    for (let i = 0; i < 15; i++) parser.push(bytes(filler));
    expect(parser.push(bytes(`X: ${'a'.repeat(16_384 - LINE.length - 15 * 1024 - 3)}`))).toBeUndefined();
    expect(thrown(() => parser.push(bytes('a')))).toBe('head-too-long');
  });

  it('may be of exactly 16 KiB, the empty line included', () => {
    const text = `${LINE}X: ${'a'.repeat(16_384 - LINE.length - 7)}\r\n\r\n`;
    expect(text).toHaveLength(16_384);
    expect(parseRequest(`${text}after`)?.rest).toEqual(bytes('after'));
    expect(thrown(() => parseRequest(text.replace('X', 'XX')))).toBe('head-too-long');
  });

  it('may have 100 fields, not 101', () => {
    expect(parseRequest(`${LINE}${'A: b\r\n'.repeat(100)}\r\n`)?.head.rawHeaders).toHaveLength(200);
    expect(thrown(() => parseRequest(`${LINE}${'A: b\r\n'.repeat(101)}`))).toBe('head-too-many-fields');
  });

  it('has limits that can be set', () => {
    const push = (headLength: number, fieldCount: number) =>
      new RequestHeadParser({ headLength, fieldCount }).push(bytes(`${LINE}A: b\r\nC: d\r\n\r\n`));
    expect(push(30, 2)?.head.rawHeaders).toEqual(['A', 'b', 'C', 'd']);
    expect(thrown(() => push(29, 2))).toBe('head-too-long');
    expect(thrown(() => push(30, 1))).toBe('head-too-many-fields');
    expect(() => new RequestHeadParser({ headLength: 0 })).toThrow(RangeError);
  });

  it('that was refused stays refused', () => {
    const parser = new RequestHeadParser();
    expect(thrown(() => parser.push(bytes('\n')))).toBe('head-bare-lf');
    expect(thrown(() => parser.push(bytes(`${LINE}\r\n`)))).toBe('head-bare-lf');
  });

  it('ends the parser: a further push throws TypeError', () => {
    const parser = new RequestHeadParser();
    parser.push(bytes(`${LINE}\r\n`));
    expect(() => parser.push(bytes('x'))).toThrow(TypeError);
  });

  it.each([`${LINE}\r\n`, '', [[0x47]], new Uint16Array(4), new ArrayBuffer(4), null, undefined])(
    'throws TypeError for the chunk %j, which is no bytes, and goes on as if it had not been',
    (chunk) => {
      const parser = new RequestHeadParser();
      parser.push(bytes('GET / HT'));
      const push = () => Reflect.apply(parser.push, parser, [chunk]);
      expect(push).toThrow(new TypeError('a chunk of a head is a Uint8Array'));
      expect(parser.push(bytes('TP/1.1\r\n\r\n'))?.head).toMatchObject({ method: 'GET' });
      expect(push).toThrow(new TypeError('a chunk of a head is a Uint8Array'));
    },
  );

  it('takes names such as __proto__ as any other', () => {
    expect(parseRequest(`${LINE}__proto__: constructor\r\n\r\n`)?.head.rawHeaders).toEqual([
      '__proto__',
      'constructor',
    ]);
  });
});

describe('a response head (RFC 9112 §4, §5)', () => {
  it('is read with the bytes after it (§2.1)', () => {
    expect(parseResponse('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\0')).toEqual({
      head: {
        statusCode: 101,
        statusMessage: 'Switching Protocols',
        httpVersion: '1.1',
        rawHeaders: ['Upgrade', 'websocket'],
      },
      rest: Uint8Array.of(0x81, 0),
    });
  });

  it('may be without a reason phrase, and without the space before it (RFC 9112 §4)', () => {
    expect(parseResponse('HTTP/1.1 200 \r\n\r\n')?.head).toMatchObject({
      statusCode: 200,
      statusMessage: '',
    });
    expect(parseResponse('HTTP/1.0 404\r\n\r\n')?.head).toMatchObject({
      statusCode: 404,
      httpVersion: '1.0',
    });
  });

  it.each([
    ...[
      '',
      'HTTP/1.1',
      'HTTP/1.1 ',
      'HTTP/1.1 20',
      'HTTP/1.1 2000',
      'HTTP/1.1 099 x',
      'HTTP/1.1 2x0 OK',
      'HTTP/1.1  200 OK',
      'http/1.1 200 OK',
    ],
    ...[
      'HTTP/11 200 OK',
      'ICY 200 OK',
      'GET / HTTP/1.1',
      ' HTTP/1.1 200 OK',
      'HTTP/1.1 200OK',
      'HTTP/1.1\t200 OK',
    ],
  ])('is refused with the status line %j (RFC 9112 §4)', (line) => {
    expect(thrown(() => parseResponse(`${line}\r\n\r\n`))).toBe('status-line');
  });

  it('has the same limits and rules for fields as a request', () => {
    const start = 'HTTP/1.1 101 x\r\n';
    expect(thrown(() => parseResponse(`${start}X: a\r\n b\r\n\r\n`))).toBe('head-line-folded');
    expect(thrown(() => parseResponse(`${start}${'A: b\r\n'.repeat(101)}`))).toBe('head-too-many-fields');
    expect(thrown(() => parseResponse(start + 'x'.repeat(16_384)))).toBe('head-too-long');
  });
});
