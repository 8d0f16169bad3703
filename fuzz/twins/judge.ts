import { type Facts, type Item, isAccepted, isStuck, payloadOf } from './facts.js';
import { match } from './match.js';
import { SHORT_TIMEOUT } from './program.js';
import { type Call, GIVEN_UP } from './record.js';
import type { WireItem } from './wire.js';

/** Bytes of a frame beside its payload, at most (§5.2). */
const HEAD = 14;
/** What may be buffered above `maxBufferedAmount` beside one message. */
const SLACK = 65_536;
/** Shorter payloads may be anybody's. */
const NAMED = 4;

type Rule = (facts: Facts) => string | undefined;

function show(payload: Buffer): string {
  return `${payload.length} bytes ${JSON.stringify(payload.toString('latin1', 0, 12))}`;
}

function errorOf({ backs }: Call): Error | undefined {
  return backs.find(({ error }) => error !== undefined)?.error;
}

/** Its last callback said that it is on its way. */
function saidSent({ calls, whole }: Item): boolean {
  const last = calls[calls.length - 1];
  return whole && last?.backs[0] !== undefined && last.backs[0].error === undefined;
}

const isData = ({ kind }: WireItem): boolean => kind === 'text' || kind === 'binary';

function mayMiss(facts: Facts, item: Item, allBehindMiss: boolean): boolean {
  if (item.calls.some((call) => errorOf(call) !== undefined)) return true;
  if (isStuck(item)) return true;
  return facts.cut !== undefined && allBehindMiss && !(isExact(facts) && saidSent(item));
}

function order(facts: Facts): string | undefined {
  const { items, record, cut, controls } = facts;
  const data = record.wire.filter(isData);
  const same = (item: Item, wire: WireItem): boolean =>
    item.whole && item.kind === wire.kind && payloadOf(item).equals(wire.payload);
  const places = match(items, data, same, (item, behind) => mayMiss(facts, item, behind));
  if (places === undefined) {
    const sent = items.map(
      (item) => `${item.calls.map(({ id }) => id).join('+')} ${item.kind} ${show(payloadOf(item))}`,
    );
    const came = data.map(({ kind, payload }) => `${kind} ${show(payload)}`);
    return `the messages on the wire are not those that were accepted (${cut ?? 'nothing was cut'})\n  accepted: ${sent.join(', ')}\n  came: ${came.join(', ')}`;
  }
  const stuck = items.filter(isStuck).flatMap(({ calls }) => calls);
  const failed = record.calls.find(
    (call) => isAccepted(call) && errorOf(call) !== undefined && !stuck.includes(call),
  );
  if (failed !== undefined && cut === undefined)
    return `${failed.id} was accepted, nothing was cut, and its callback got "${errorOf(failed)?.message}"`;
  return controlsBetween(facts, (item) => data[places[items.indexOf(item)] ?? -1], controls);
}

/** Whether the peer has got what a callback took for sent: of a real socket nobody knows how much it read before the end. */
function isExact({ program }: Facts): boolean {
  return program.link.way === 'duplex';
}

function controlsBetween(
  facts: Facts,
  placeOf: (item: Item) => WireItem | undefined,
  controls: readonly Call[],
): string | undefined {
  const { items, record, cut } = facts;
  const named = controls.filter(({ payload }) => payload.length >= NAMED);
  const came = record.wire.filter(
    ({ kind, payload }) =>
      (kind === 'ping' || kind === 'pong') &&
      named.some((call) => call.kind === kind && call.payload.equals(payload)),
  );
  const places = match(
    named,
    came,
    (call, { kind, payload }) => call.kind === kind && call.payload.equals(payload),
    (call, behind) =>
      errorOf(call) !== undefined || (cut !== undefined && behind && !(call.hasBack && isExact(facts))),
  );
  if (places === undefined)
    return `pings and pongs are lost, or out of order (${cut ?? 'nothing was cut'}): ${named.map(({ id }) => id).join(', ')}; came: ${came.map(({ payload }) => show(payload)).join(', ')}`;
  for (const [index, call] of named.entries()) {
    const there = came[places[index] ?? -1];
    if (there === undefined) continue;
    for (const item of items) {
      const message = placeOf(item);
      const [first] = item.calls;
      const last = item.calls[item.calls.length - 1];
      if (message === undefined || first === undefined || last === undefined) continue;
      if (last.at < call.at && there.first < message.first)
        return `${call.id} overtakes ${last.id}, which was accepted before`;
      if (call.at < first.at && message.first < there.first)
        return `${first.id} overtakes ${call.id}, which was accepted before`;
    }
  }
  return undefined;
}

function refused({ record }: Facts): string | undefined {
  const bad = record.calls.find(
    (call) =>
      call.state !== 1 &&
      call.hasBack &&
      call.threw === undefined &&
      call.backs.some(({ error }) => error === undefined),
  );
  return bad && `${bad.id} was made in state ${bad.state}, and its callback got no error`;
}

const closeFrame: Rule = ({ record, cut, close, overflow, program }) => {
  const { wire, peerSent } = record;
  const at = wire.findIndex(({ kind }) => kind === 'close');
  const behind = wire.slice(at + 1).find(({ kind }) => kind !== 'pong');
  if (at >= 0 && behind !== undefined) return `a ${behind.kind} frame behind the close frame (§5.5.1)`;
  const sent = wire[at];
  const fromPeer = peerSent.find(({ kind, isAnswer }) => kind === 'close' && !isAnswer);
  const told = record.told.find(({ event }) => event === 'close');
  if (cut === undefined && sent === undefined) {
    if (close !== undefined) return `${close.id}: no close frame on the wire (§7.1.2)`;
    if (fromPeer !== undefined && told?.code !== 1006)
      return 'the close frame of the peer is not answered (§5.5.1)';
  }
  if (sent === undefined) {
    const { overflow: how, closeTimeout, maskThrowsAt } = program.settings;
    // A close frame that cannot be masked is not sent (§5.3).
    const closes = how === 'close' && closeTimeout >= SHORT_TIMEOUT && maskThrowsAt === undefined;
    const first = overflow !== undefined && record.cuts.every(({ why }) => why === GIVEN_UP);
    if (closes && first && close === undefined && fromPeer === undefined && !program.deaf)
      return 'an overflow that closes, and no close frame 1008';
    return undefined;
  }
  if (cut !== undefined) return undefined;
  const allowed = [
    ...(close === undefined ? [] : [close.payload]),
    ...(fromPeer === undefined ? [] : [fromPeer.payload, fromPeer.payload.subarray(0, 2)]),
  ];
  return allowed.some((payload) => payload.equals(sent.payload))
    ? undefined
    : `a close frame that nobody sent: ${sent.payload.toString('hex')}`;
};

const callbacks: Rule = ({ record }) => {
  for (const { id, name, threw, hasBack, backs } of record.calls) {
    if (threw !== undefined && backs.length > 0)
      return `${id}: ${name} throws "${threw.message}" and calls back ${backs.length} times`;
    if (threw === undefined && hasBack && backs.length !== 1)
      return `${id}: ${name} calls back ${backs.length} times`;
  }
  return undefined;
};

const events: Rule = ({ record, cut, program }) => {
  const { told } = record;
  const closes = told.filter(({ event }) => event === 'close');
  if (record.opened && closes.length !== 1) return `close is told ${closes.length} times`;
  const last = told[told.length - 1];
  if (closes.length > 0 && last?.event !== 'close') return `${last?.event} is told behind close`;
  const errors = told.filter(({ event }) => event === 'error');
  if (errors.length > 1)
    return `error is told ${errors.length} times: ${errors.map(({ error }) => error?.message).join(', ')}`;
  if (errors.length > 0 && cut === undefined)
    return `error is told of a connection that nothing happened to: ${errors[0]?.error?.stack}`;
  const held = told.find(({ event, paused }) => event === 'message' && paused);
  if (held !== undefined && cut === undefined && program.settings.allowSynchronousEvents !== false)
    return 'a message is told while the connection is paused';
  return undefined;
};

/** What the peer sent is what the application is told. */
const delivered: Rule = ({ record, cut, program }) => {
  const { peerSent, told } = record;
  for (const kinds of [['text', 'binary'], ['ping'], ['pong']]) {
    const sent = peerSent.filter(({ kind }) => kinds.includes(kind));
    const came = told.filter(({ event }) =>
      kinds.includes('text') ? event === 'message' : kinds.includes(event),
    );
    // A ping whose answer could not be masked may stay untold.
    if (kinds.includes('ping') && program.settings.maskThrowsAt !== undefined) continue;
    for (const [index, { event, payload, isBinary }] of came.entries()) {
      const one = sent[index];
      if (one === undefined)
        return `${event} is told ${came.length} times, and was sent ${sent.length} times`;
      if (!one.payload.equals(payload) || (event === 'message' && isBinary !== (one.kind === 'binary')))
        return `${event} ${index} is told as ${show(payload)}, and was ${show(one.payload)}`;
    }
    const paused =
      program.handler.each === 'pause' ||
      program.handler.once?.does === 'pause' ||
      program.steps.some((step) => step.do === 'pause' || step.do === 'stream');
    if (cut === undefined && !paused && came.length < sent.length)
      return `${kinds[0]}: ${came.length} are told, and ${sent.length} were sent`;
  }
  const end = told.find(({ event }) => event === 'close');
  if (end === undefined) return undefined;
  const close = peerSent.find(({ kind }) => kind === 'close');
  const code = close === undefined ? 1006 : close.payload.length === 0 ? 1005 : close.payload.readUInt16BE();
  if (end.code !== code && (end.code !== 1006 || cut === undefined))
    return `close is told with ${end.code}, and not with ${code}`;
  if (end.code === code && close !== undefined && !close.payload.subarray(2).equals(end.payload))
    return 'close is told with another reason';
  return undefined;
};

const amounts: Rule = ({ record, program }) => {
  const { samples, calls, peerSent } = record;
  const { maxBufferedAmount } = program.settings;
  let accepted = 0;
  let refusedBytes = 0;
  let most = 0;
  for (const call of calls) {
    const length = call.payload.length;
    if (isAccepted(call)) accepted += length + HEAD * (1 + Math.ceil(length / 65_536)) + length * 0.01;
    else refusedBytes += length;
    most = Math.max(most, length);
  }
  const answers = peerSent.length * (125 + HEAD) + 300;
  for (const { amount, at } of samples) {
    if (!(amount >= 0)) return `bufferedAmount is ${amount} at ${at}`;
    if (amount > accepted + refusedBytes + answers)
      return `bufferedAmount is ${amount} at ${at}, and ${accepted} bytes were sent in all`;
    if (maxBufferedAmount !== undefined && amount - refusedBytes > maxBufferedAmount + most + SLACK)
      return `bufferedAmount is ${amount} at ${at}, with maxBufferedAmount ${maxBufferedAmount} and messages of ${most} bytes at most`;
  }
  if (record.drained !== undefined && record.drained < 0 && refusedBytes === 0)
    return `bufferedAmount is ${record.drained} in the end`;
  return undefined;
};

/** The others get what is broadcast, whatever the one is at. */
const company: Rule = ({ record, program }) => {
  const sent = record.calls.filter(({ what }) => what === 'broadcast');
  const threw = sent.find(({ threw }) => threw !== undefined);
  if (threw !== undefined && program.company > 0)
    return `${threw.id}: broadcast throws ${threw.threw?.message}`;
  const { pingInterval, idleTimeout } = program.settings;
  if (pingInterval !== undefined || idleTimeout !== undefined) return undefined;
  if (program.steps.some((step) => step.do === 'server-close')) return undefined;
  const texts = sent.map(({ payload }) => String(payload));
  const short = record.company.find(
    (got) => got.length !== texts.length || got.some((text, index) => text !== texts[index]),
  );
  return short && `another client of the server got ${short.length} of ${texts.length} broadcasts`;
};

const driver: Rule = ({ record }) =>
  record.faults[0] ?? (record.wireFault && `the wire is no good: ${record.wireFault}`);

/** By name, so that a find says which it broke. */
export const RULES: Readonly<Record<string, Rule>> = {
  end: driver,
  once: callbacks,
  events,
  order,
  refused,
  'close frame': closeFrame,
  delivered,
  memory: amounts,
  broadcast: company,
};

/** What is wrong with a run of this project, rule by rule. */
export function judge(facts: Facts): string[] {
  if (!facts.record.opened) return facts.record.faults.map((fault) => `end: ${fault}`);
  return Object.entries(RULES).flatMap(([name, rule]) => {
    const fault = rule(facts);
    return fault === undefined ? [] : [`${name}: ${fault}`];
  });
}
