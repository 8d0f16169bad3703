import { inFile, type Mutant } from './mutant.js';

/** Faults of the opening handshake. */
export const HANDSHAKE: readonly Mutant[] = [
  ...inFile(
    'packages/handshake/src/key.ts',
    ['longer keys pass', 'text.length === 24 &&', 'text.length >= 24 &&'],
    ['the last digit of a key is not looked at', 'isBase64(text, 22)', 'isBase64(text, 21)'],
  ),
  ...inFile(
    'packages/handshake/src/server.ts',
    [
      'a repeated Host is not seen',
      'if (fields.isRepeated(FIELD.host))',
      'if (fields.isRepeated(FIELD.other))',
    ],
    ['versions that hold 13 pass', "if (version !== '13')", "if (!version.includes('13'))"],
    ['odd zeros announce no body', "length !== '0'", 'Number(length) !== 0'],
  ),
  ...inFile('packages/handshake/src/options.ts', [
    'a misspelt option is passed over',
    '    if (rule === undefined) {\n',
    "    if (rule === undefined) continue;\n    if (name === '') {\n",
  ]),
  ...inFile('packages/handshake/src/token.ts', [
    'blanks in a list count',
    'trimWhitespace(list.slice(from, end))',
    'list.slice(from, end)',
  ]),
  ...inFile(
    'packages/handshake/src/list-reader.ts',
    ['one element too many', 'if (this.#left === 0)', 'if (this.#left < 0)'],
    ['backslashes stay', "isEscaped ? inner.replaceAll('\\\\', '') : inner", 'isEscaped ? inner : inner'],
  ),
  ...inFile('packages/handshake/src/extension-list.ts', [
    'quoted strings are refused',
    'reader.tokenOrQuotedString()',
    'reader.token()',
  ]),
  ...inFile(
    'packages/handshake/src/client.ts',
    ['any status from 100 on opens', 'if (status !== 101)', 'if (status < 100)'],
    [
      'the beginning of the accept value is enough',
      'trimWhitespace(accept) !== acceptValue(request.key)',
      '!acceptValue(request.key).startsWith(trimWhitespace(accept))',
    ],
    [
      'any subprotocol passes',
      '!request.subprotocols.includes(subprotocol)',
      'request.subprotocols.length === 0',
    ],
  ),
  ...inFile(
    'packages/handshake/src/permessage-deflate.ts',
    ['windows may have a leading zero', '/^(?:[89]|1[0-5])$/', '/^0?(?:[89]|1[0-5])$/'],
    [
      'a larger window than was asked for passes',
      'answer.serverMaxWindowBits > offer.serverMaxWindowBits',
      'answer.serverMaxWindowBits < offer.serverMaxWindowBits',
    ],
  ),
  ...inFile(
    'packages/handshake/src/head-parser.ts',
    ['LF alone ends a line', 'if (to < from || bytes[to] !== CR)', 'if (to < from)'],
    ['the longest head is refused', '(end - from) > limit', '(end - from) >= limit'],
    ['DEL passes', ' || byte === 0x7f', ''],
    [
      'one field too many',
      'this.#fields.length === 2 * this.#limits.fieldCount',
      'this.#fields.length > 2 * this.#limits.fieldCount',
    ],
  ),
  ...inFile('packages/handshake/src/accept.ts', [
    'a digit of the GUID is wrong',
    'C5AB0DC85B11',
    'C5AB0DC85B12',
  ]),
  ...inFile('packages/handshake/src/subprotocol.ts', [
    'neighbours may be the same',
    'j < i; j++',
    'j < i - 1; j++',
  ]),
  ...inFile('packages/handshake/src/fields.ts', [
    'only the last repeated field is known',
    'this.#repeated |= 1 << field;',
    'this.#repeated = 1 << field;',
  ]),
  ...inFile('packages/handshake/src/host.ts', [
    'hosts may be of any length',
    'text.length <= 512',
    'text.length <= 5120',
  ]),
];
