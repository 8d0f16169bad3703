import type { Opening } from './case.js';
import type { Agreement } from './deflate.js';

/** A way to agree on permessage-deflate, as either role of the tested side sees it. */
export interface ParameterSet {
  readonly name: string;
  /** of RFC 7692 */
  readonly section: string;
  readonly says: string;
  readonly server: Opening;
  readonly client: Opening;
}

const NAME = 'permessage-deflate';
const BOTH: Agreement = { serverTakeover: true, clientTakeover: true, serverBits: 15, clientBits: 15 };

/** What an adapter offers that was told nothing: that its window may be limited. */
const OFFER = `${NAME}; client_max_window_bits`;

/** As the tester does it, where nothing is said about it. */
export const PLAIN: ParameterSet = {
  name: 'plain',
  section: '7',
  says: 'Without parameters both sides keep windows of 32 KiB between messages.',
  server: { options: { perMessageDeflate: true }, fields: [NAME], says: NAME, agreed: BOTH },
  client: { options: { perMessageDeflate: true }, fields: [NAME], says: OFFER, agreed: BOTH },
};

interface Row {
  readonly name: string;
  readonly section: string;
  readonly says: string;
  /** what the tester offers to a server, which answers the same */
  readonly offer: string;
  /** of the server, where it must be told to answer so */
  readonly serverOptions?: Readonly<Record<string, boolean | number>>;
  /** what the server answers, where that is not the offer */
  readonly answer?: string;
  /** of the client, and what it then offers */
  readonly clientOptions?: Readonly<Record<string, boolean | number>>;
  readonly clientOffer?: string;
  readonly agreed: Partial<Agreement>;
}

const ROWS: readonly Row[] = [
  {
    name: 'server-anew',
    section: '7.1.1.1',
    says: 'With server_no_context_takeover no message of the server refers to the ones before.',
    offer: `${NAME}; server_no_context_takeover`,
    clientOptions: { serverNoContextTakeover: true },
    clientOffer: `${OFFER}; server_no_context_takeover`,
    agreed: { serverTakeover: false },
  },
  {
    name: 'client-anew',
    section: '7.1.1.2',
    says: 'With client_no_context_takeover no message of the client refers to the ones before.',
    offer: `${NAME}; client_no_context_takeover`,
    serverOptions: { clientNoContextTakeover: true },
    agreed: { clientTakeover: false },
  },
  {
    name: 'both-anew',
    section: '7.1.1',
    says: 'With both parameters each message stands for itself.',
    offer: `${NAME}; client_no_context_takeover; server_no_context_takeover`,
    serverOptions: { clientNoContextTakeover: true },
    agreed: { clientTakeover: false, serverTakeover: false },
  },
  ...[8, 9, 10, 12, 15].map(
    (bits): Row => ({
      name: `server-window-${bits}`,
      section: '7.1.2.1',
      says: `With server_max_window_bits=${bits} the server looks back ${2 ** bits} bytes at most.`,
      offer: `${NAME}; server_max_window_bits=${bits}`,
      clientOptions: { serverMaxWindowBits: bits },
      clientOffer: `${OFFER}; server_max_window_bits=${bits}`,
      agreed: { serverBits: bits },
    }),
  ),
  ...[8, 9, 10, 12, 15].map(
    (bits): Row => ({
      name: `client-window-${bits}`,
      section: '7.1.2.2',
      says: `With client_max_window_bits=${bits} the client looks back ${2 ** bits} bytes at most.`,
      offer: OFFER,
      serverOptions: { clientMaxWindowBits: bits },
      answer: `${NAME}; client_max_window_bits=${bits}`,
      agreed: { clientBits: bits },
    }),
  ),
  {
    name: 'both-windows-9',
    section: '7.1.2',
    says: 'With both windows limited to 9 bits each side looks back 512 bytes at most.',
    offer: `${OFFER}; server_max_window_bits=9`,
    serverOptions: { clientMaxWindowBits: 9 },
    answer: `${NAME}; client_max_window_bits=9; server_max_window_bits=9`,
    clientOptions: { serverMaxWindowBits: 9 },
    clientOffer: `${OFFER}; server_max_window_bits=9`,
    agreed: { serverBits: 9, clientBits: 9 },
  },
  {
    name: 'all-four',
    section: '7.1.3',
    says: 'With all four parameters each message stands for itself, in small windows.',
    offer: `${OFFER}; client_no_context_takeover; server_no_context_takeover; server_max_window_bits=10`,
    serverOptions: { clientNoContextTakeover: true, clientMaxWindowBits: 11 },
    answer: `${NAME}; client_max_window_bits=11; client_no_context_takeover; server_no_context_takeover; server_max_window_bits=10`,
    clientOptions: { serverNoContextTakeover: true, serverMaxWindowBits: 10 },
    clientOffer: `${OFFER}; server_no_context_takeover; server_max_window_bits=10`,
    agreed: { serverTakeover: false, clientTakeover: false, serverBits: 10, clientBits: 11 },
  },
];

/** Both kinds of parameters, in both directions. */
export const PARAMETERS: readonly ParameterSet[] = [
  PLAIN,
  ...ROWS.map((row): ParameterSet => {
    const {
      name,
      section,
      says,
      offer,
      answer = offer,
      serverOptions,
      clientOptions,
      clientOffer = OFFER,
    } = row;
    const agreed = { ...BOTH, ...row.agreed };
    return {
      name,
      section,
      says,
      server: {
        options: { perMessageDeflate: serverOptions ?? true },
        fields: [offer],
        says: answer,
        agreed,
      },
      client: {
        options: { perMessageDeflate: clientOptions ?? true },
        fields: [answer],
        says: clientOffer,
        agreed,
      },
    };
  }),
];
