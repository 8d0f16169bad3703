import {
  type Case,
  CLOSING_HANDSHAKE,
  type Ending,
  expect,
  isText,
  type Opening,
  type Step,
  send,
  text,
} from '../case.js';
import type { Agreement } from '../deflate.js';

const NAME = 'permessage-deflate';
const BOTH: Agreement = { serverTakeover: true, clientTakeover: true, serverBits: 15, clientBits: 15 };
const REFUSED: Ending = { how: 'refused' };
/** The messages are the same and long, so that they are compressed, and by the window where there is one. */
const SENTENCE = 'whatever was agreed on, this comes back as it was sent; '.repeat(40);

const COMPRESSED: readonly Step[] = [1, 2].flatMap((): Step[] => [
  { do: 'message', kind: 'text', payload: new TextEncoder().encode(SENTENCE) },
  expect(isText(SENTENCE)),
]);
const UNCOMPRESSED: readonly Step[] = [send(text(SENTENCE)), expect(isText(SENTENCE))];

type Options = Opening['options']['perMessageDeflate'];

/** An offer that the server takes, with its answer. */
function accepts(
  name: string,
  says: string,
  fields: readonly string[],
  answer: string,
  agreed: Partial<Agreement> = {},
  options: Options = true,
): Case {
  return {
    id: `negotiation/server-accepts/${name}`,
    section: 'RFC 7692 §7.1',
    says,
    steps: COMPRESSED,
    ending: CLOSING_HANDSHAKE,
    opening: {
      server: {
        options: { perMessageDeflate: options },
        fields,
        says: answer,
        agreed: { ...BOTH, ...agreed },
      },
    },
  };
}

/** An offer that the server does not take: the connection opens without the extension. */
function declines(name: string, says: string, fields: readonly string[], options: Options = true): Case {
  return {
    id: `negotiation/server-declines/${name}`,
    section: 'RFC 7692 §7.1',
    says,
    steps: UNCOMPRESSED,
    ending: CLOSING_HANDSHAKE,
    opening: { server: { options: { perMessageDeflate: options }, fields, says: null } },
  };
}

/** An answer that the client takes. */
function agrees(
  name: string,
  says: string,
  fields: readonly string[],
  agreed: Partial<Agreement> = {},
  options: Options = true,
): Case {
  return {
    id: `negotiation/client-agrees/${name}`,
    section: 'RFC 7692 §7.1',
    says,
    steps: COMPRESSED,
    ending: CLOSING_HANDSHAKE,
    opening: { client: { options: { perMessageDeflate: options }, fields, agreed: { ...BOTH, ...agreed } } },
  };
}

/** A handshake that one of the roles must fail. */
function fails(
  role: 'server' | 'client',
  name: string,
  says: string,
  fields: readonly string[],
  options: Options = true,
): Case {
  return {
    id: `negotiation/${role}-fails/${name}`,
    section: role === 'client' ? 'RFC 7692 §7.1' : '§9.1',
    says,
    steps: [],
    ending: REFUSED,
    opening: { [role]: { options: { perMessageDeflate: options }, fields } },
  };
}

/** Values that no window parameter may have (RFC 7692 §7.1.2: "8 to 15", "without leading zeroes"). */
const BAD_BITS = ['7', '16', '0', '08', '+9', '-9', '9.5', 'nine', '100'] as const;
/** Parameters that neither side may use, whatever was offered. */
const BAD_PARAMETERS: readonly (readonly [name: string, parameters: string])[] = [
  ['unknown-parameter', 'unheard_of'],
  ['unknown-parameter-with-value', 'unheard_of=10'],
  ['server-anew-with-value', 'server_no_context_takeover=1'],
  ['client-anew-with-value', 'client_no_context_takeover=true'],
  ['server-anew-twice', 'server_no_context_takeover; server_no_context_takeover'],
  ['client-anew-twice', 'client_no_context_takeover; client_no_context_takeover'],
  ['server-window-without-value', 'server_max_window_bits'],
  ['server-window-twice', 'server_max_window_bits=10; server_max_window_bits=10'],
  ['client-window-twice', 'client_max_window_bits=10; client_max_window_bits=10'],
  ...BAD_BITS.map(
    (bits, index) => [`server-window-bad-${index + 1}`, `server_max_window_bits=${bits}`] as const,
  ),
  ...BAD_BITS.map(
    (bits, index) => [`client-window-bad-${index + 1}`, `client_max_window_bits=${bits}`] as const,
  ),
];

const SERVER: readonly Case[] = [
  {
    id: 'negotiation/server-silent/nothing-offered',
    section: '§9.1',
    says: 'What was not offered is not answered.',
    steps: UNCOMPRESSED,
    ending: CLOSING_HANDSHAKE,
    opening: { server: { options: { perMessageDeflate: true }, fields: [], says: null } },
  },
  declines('when-off', 'A server that does not compress leaves the offer unanswered.', [NAME], false),
  declines('an-unknown-extension', 'An extension that the server does not know is passed over.', [
    'x-unheard-of',
  ]),
  accepts(
    'behind-an-unknown-extension',
    'An unknown extension is passed over, and the next is taken.',
    [`x-unheard-of; a=1, ${NAME}`],
    NAME,
  ),
  accepts('bare', 'The bare offer is taken as it is.', [NAME], NAME),
  accepts(
    'the-first-of-two',
    'Of two offers that can be taken the first is: the client prefers it.',
    [`${NAME}; server_no_context_takeover, ${NAME}`],
    `${NAME}; server_no_context_takeover`,
    { serverTakeover: false },
  ),
  accepts(
    'the-second-of-two',
    'Where the first offer cannot be taken, the second is.',
    [`${NAME}; server_max_window_bits=99, ${NAME}`],
    NAME,
  ),
  accepts(
    'offers-on-two-lines',
    'Offers on two lines are one list, in this order.',
    [`${NAME}; unheard_of`, `${NAME}; server_max_window_bits=10`],
    `${NAME}; server_max_window_bits=10`,
    { serverBits: 10 },
  ),
  accepts(
    'a-quoted-value',
    'A value may be a quoted string, which means what is in it.',
    [`${NAME}; server_max_window_bits="10"`],
    `${NAME}; server_max_window_bits=10`,
    { serverBits: 10 },
  ),
  accepts(
    'blanks',
    'There may be blanks around semicolons, commas and equals signs.',
    [`  ${NAME}  ;  server_max_window_bits=10  ,  ${NAME}`],
    `${NAME}; server_max_window_bits=10`,
    { serverBits: 10 },
  ),
  accepts(
    'a-window-that-the-client-may-limit',
    'That its window may be limited is a hint: nothing need be said to it.',
    [`${NAME}; client_max_window_bits`],
    NAME,
  ),
  accepts(
    'its-own-smaller-window',
    'The server may answer a smaller window than was asked for.',
    [`${NAME}; server_max_window_bits=12`],
    `${NAME}; server_max_window_bits=10`,
    { serverBits: 10 },
    { serverMaxWindowBits: 10 },
  ),
  accepts(
    'with-a-smaller-window-of-the-client',
    'A client that offers a window of 12 bits may be limited to 10.',
    [`${NAME}; client_max_window_bits=12`],
    `${NAME}; client_max_window_bits=10`,
    { clientBits: 10 },
    { clientMaxWindowBits: 10 },
  ),
  accepts(
    'starting-anew-unasked',
    'A server may say unasked that its messages stand for themselves.',
    [NAME],
    `${NAME}; server_no_context_takeover`,
    { serverTakeover: false },
    { serverNoContextTakeover: true },
  ),
  accepts(
    'in-any-order',
    'The order of parameters means nothing.',
    [`${NAME}; server_max_window_bits=10; client_no_context_takeover; server_no_context_takeover`],
    `${NAME}; client_no_context_takeover; server_max_window_bits=10; server_no_context_takeover`,
    { serverTakeover: false, clientTakeover: false, serverBits: 10 },
  ),
  ...BAD_PARAMETERS.map(([name, parameters]) =>
    declines(
      name,
      'An offer with a parameter that is not defined, has a value that is not allowed, or comes twice is declined.',
      [`${NAME}; ${parameters}`],
    ),
  ),
  ...(
    [
      ['empty-parameter', `${NAME};`],
      ['no-name', '; server_no_context_takeover'],
      ['no-value', `${NAME}; server_max_window_bits=`],
      ['open-quote', `${NAME}; server_max_window_bits="10`],
      ['empty-quotes', `${NAME}; server_max_window_bits=""`],
      ['not-a-token', 'permessage deflate'],
    ] as const
  ).map(([name, field]) =>
    fails('server', name, 'A field that does not hold to the grammar fails the handshake.', [field]),
  ),
];

const CLIENT: readonly Case[] = [
  {
    id: 'negotiation/client-silent/nothing-offered',
    section: '§9.1',
    says: 'A client that does not compress offers nothing.',
    steps: UNCOMPRESSED,
    ending: CLOSING_HANDSHAKE,
    opening: { client: { options: { perMessageDeflate: false }, fields: [], says: null } },
  },
  {
    id: 'negotiation/client-agrees/nothing',
    section: '§9.1',
    says: 'Where a server does not take the offer, the connection opens without the extension.',
    steps: UNCOMPRESSED,
    ending: CLOSING_HANDSHAKE,
    opening: { client: { options: { perMessageDeflate: true }, fields: [] } },
  },
  agrees('bare', 'A bare answer is taken.', [NAME]),
  agrees(
    'server-anew-unasked',
    'A server may say unasked that its messages stand for themselves.',
    [`${NAME}; server_no_context_takeover`],
    { serverTakeover: false },
  ),
  agrees(
    'client-anew',
    'A server may tell the client not to keep its window.',
    [`${NAME}; client_no_context_takeover`],
    { clientTakeover: false },
  ),
  agrees(
    'server-window-unasked',
    'A server may say unasked that its window is small.',
    [`${NAME}; server_max_window_bits=9`],
    { serverBits: 9 },
  ),
  agrees(
    'client-window',
    'A server may limit the window of a client that offered it.',
    [`${NAME}; client_max_window_bits=9`],
    { clientBits: 9 },
  ),
  agrees(
    'a-smaller-server-window',
    'Asked for a window of 12 bits, the server may take a smaller one.',
    [`${NAME}; server_max_window_bits=9`],
    { serverBits: 9 },
    { serverMaxWindowBits: 12 },
  ),
  agrees(
    'a-smaller-client-window',
    'Offered a window of 12 bits, the server may limit it further.',
    [`${NAME}; client_max_window_bits=9`],
    { clientBits: 9 },
    { clientMaxWindowBits: 12 },
  ),
  agrees('a-quoted-value', 'A value may be a quoted string.', [`${NAME}; server_max_window_bits="10"`], {
    serverBits: 10,
  }),
  fails('client', 'an-unknown-extension', 'An extension that was not offered fails the connection.', [
    'x-unheard-of',
  ]),
  fails(
    'client',
    'what-was-not-offered',
    'An answer of permessage-deflate that was not offered fails the connection.',
    [NAME],
    false,
  ),
  fails('client', 'the-same-twice', 'One offer is answered once.', [`${NAME}, ${NAME}`]),
  fails('client', 'the-same-on-two-lines', 'One offer is answered once, on one line or on two.', [
    NAME,
    NAME,
  ]),
  fails('client', 'client-window-without-value', 'In an answer client_max_window_bits has a value.', [
    `${NAME}; client_max_window_bits`,
  ]),
  fails(
    'client',
    'server-kept-its-window',
    'A server that was asked to start anew, and does not say so, did not take the offer.',
    [NAME],
    { serverNoContextTakeover: true },
  ),
  fails(
    'client',
    'server-kept-a-large-window',
    'A server that was asked for a small window must not answer a larger one.',
    [`${NAME}; server_max_window_bits=12`],
    { serverMaxWindowBits: 10 },
  ),
  fails(
    'client',
    'server-ignored-its-window',
    'A server that was asked for a small window, and does not say so, did not take the offer.',
    [NAME],
    { serverMaxWindowBits: 10 },
  ),
  fails(
    'client',
    'client-window-too-large',
    'A server must not allow more than the client offered.',
    [`${NAME}; client_max_window_bits=12`],
    { clientMaxWindowBits: 10 },
  ),
  fails(
    'client',
    'client-window-not-offered',
    'A server must not limit a window that was not offered to be.',
    [`${NAME}; client_max_window_bits=12`],
    { clientMaxWindowBits: false },
  ),
  ...BAD_PARAMETERS.map(([name, parameters]) =>
    fails(
      'client',
      name,
      'An answer with a parameter that is not defined, has a value that is not allowed, or comes twice fails the connection.',
      [`${NAME}; ${parameters}`],
    ),
  ),
  ...(
    [
      ['empty-parameter', `${NAME};`],
      ['open-quote', `${NAME}; server_max_window_bits="10`],
      ['empty-quotes', `${NAME}; server_max_window_bits=""`],
    ] as const
  ).map(([name, field]) =>
    fails('client', name, 'An answer that does not hold to the grammar fails the connection.', [field]),
  ),
];

export const NEGOTIATION: readonly Case[] = [...SERVER, ...CLIENT];
