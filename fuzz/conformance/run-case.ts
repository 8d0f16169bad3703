import {
  type Case,
  type Ending,
  type Expected,
  type ExpectedOne,
  type Frame,
  frame,
  type Heard,
  OP,
  type Opening,
  type Role,
  type Step,
} from './case.js';
import { encodeFrame } from './frame-writer.js';
import { type Opened, OpeningError, RefusedError } from './opening.js';
import { type Flow, Wire } from './wire.js';
import { tell, tellFrame, tellHeard } from './words.js';

export type Outcome = 'pass' | 'fail' | 'informational';

/** Something that happened, in words. */
export interface Happening {
  /** milliseconds since the handshake */
  readonly at: number;
  readonly who: 'tester' | 'tested';
  readonly what: string;
}

export interface CaseResult {
  readonly id: string;
  readonly outcome: Outcome;
  /** what was wrong */
  readonly why?: string;
  readonly ms: number;
  readonly course: readonly Happening[];
  readonly sent: Flow;
  readonly received: Flow;
}

/** Does the handshake of a case. */
export type Open = (opening: Opening | undefined) => Promise<Opened>;

/** Happenings that are kept. */
const KEPT = 60;
const NOTHING: Flow = { bytes: new Uint8Array(), cuts: [], total: 0 };

/** The tested side was wrong. */
class Wrong extends Error {}

/** Runs a case once; whatever the tested side does, this settles. */
export async function runCase(each: Case, role: Role, open: Open, patienceMs: number): Promise<CaseResult> {
  const run = new Run(each, role, patienceMs);
  const began = performance.now();
  let why: string | undefined;
  try {
    await run.take(open);
  } catch (error) {
    why =
      error instanceof Wrong || error instanceof OpeningError ? error.message : `the tester broke: ${error}`;
  } finally {
    run.close();
  }
  const { course, sent, received } = run;
  const outcome = why !== undefined ? 'fail' : each.timed ? 'informational' : 'pass';
  const ms = performance.now() - began;
  return { id: each.id, outcome, ...(why === undefined ? {} : { why }), ms, course, sent, received };
}

class Run {
  readonly course: Happening[] = [];
  readonly #case: Case;
  readonly #role: Role;
  readonly #patienceMs: number;
  #wire: Wire | undefined;
  #began = 0;

  constructor(each: Case, role: Role, patienceMs: number) {
    this.#patienceMs = patienceMs;
    this.#case = each;
    this.#role = role;
  }

  get sent(): Flow {
    return this.#wire?.sent ?? NOTHING;
  }

  get received(): Flow {
    return this.#wire?.received ?? NOTHING;
  }

  close(): void {
    this.#wire?.destroy();
  }

  async take(open: Open): Promise<void> {
    const { steps, ending } = this.#case;
    const opening = this.#case.opening?.[this.#role];
    const opened = await this.#open(open, opening);
    if (opened === undefined) return;
    const { socket, extensions, rest } = opened;
    this.#began = performance.now();
    const wire = new Wire(socket, this.#role, rest, opening?.agreed, this.#patienceMs);
    this.#wire = wire;
    if (opening !== undefined) this.#checkOpening(opening, extensions);
    for (const step of typeof steps === 'function' ? steps() : steps) await this.#take(wire, step);
    await this.#end(wire, ending);
  }

  /** Nothing where the server refused the handshake, and that is right. */
  async #open(open: Open, opening: Opening | undefined): Promise<Opened | undefined> {
    try {
      return await open(opening);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#note('tested', error.message);
      if (this.#case.ending.how !== 'refused') throw error;
      return undefined;
    }
  }

  #checkOpening(opening: Opening, extensions: string | undefined): void {
    const isServer = this.#role === 'server';
    const verb = isServer ? 'answers' : 'offers';
    const told = `${verb} ${extensions ?? 'no extension'}`;
    if (!isServer) this.#note('tested', told);
    for (const field of opening.fields) this.#note('tester', `${isServer ? 'offers' : 'answers'} ${field}`);
    if (isServer) this.#note('tested', told);
    const { says } = opening;
    if (says === undefined) return;
    if (normalized(says) !== normalized(extensions ?? null))
      throw new Wrong(`${told}, and ${says ?? 'none'} is right`);
  }

  async #take(wire: Wire, step: Step): Promise<void> {
    if (step.do === 'expect') {
      for (const expected of step.events) await this.#expect(wire, expected);
      return;
    }
    const isClient = this.#role === 'server';
    const frames = step.do === 'send' ? step.frames : await framesOf(wire, step);
    const bytes = frames.map((each) => encodeFrame(each, isClient));
    const pieces = step.do === 'send' ? step.pieces : undefined;
    for (const each of frames.slice(0, 20)) this.#note('tester', `sends ${tellFrame(each)}`);
    if (frames.length > 20) this.#note('tester', `sends ${frames.length - 20} more frames`);
    const whole = bytes.length === 1 && bytes[0] !== undefined ? bytes[0] : Buffer.concat(bytes);
    if (pieces !== undefined) this.#note('tester', `${whole.length} bytes, ${pieces} at a time`);
    await wire.write(whole, pieces);
  }

  async #expect(wire: Wire, expected: Expected): Promise<void> {
    if (expected.kind !== 'pongs') {
      const heard = await this.#hear(wire, tell(expected));
      if (!isSame(heard, expected)) throw wrong(heard, tell(expected));
      return;
    }
    const { payloads } = expected;
    for (let next = 0; next < payloads.length; ) {
      const heard = await this.#hear(wire, 'a pong');
      const at = payloads.findIndex(
        (payload, index) => index >= next && isSame(heard, { kind: 'pong', payload }),
      );
      if (at < 0) throw wrong(heard, 'a pong for a ping that was not answered');
      next = at + 1;
    }
  }

  async #end(wire: Wire, ending: Ending): Promise<void> {
    if (ending.how === 'dropped') {
      this.#note('tester', 'ends the TCP connection');
      wire.end();
      await this.#expectEnd(wire);
      return;
    }
    if (ending.how === 'refused') {
      if (this.#role === 'server') throw new Wrong('takes the handshake, and a refusal is right');
      // §4.1: "the client MUST _Fail the WebSocket Connection_": no frame ever comes.
      await this.#expectEnd(wire);
      return;
    }
    if (ending.how === 'closing handshake') {
      this.#note('tester', 'sends a close frame with 1000');
      await wire.write(
        encodeFrame(frame(0x80 + OP.close, Uint8Array.of(0x03, 0xe8)), this.#role === 'server'),
      );
    }
    const codes = ending.how === 'closing handshake' ? [1000] : ending.codes;
    const right = `a close frame with ${codes.map((code) => code ?? 'no code').join(' or ')}`;
    const heard = await this.#hear(wire, right);
    if (heard.kind !== 'close' || !codes.includes(heard.code)) throw wrong(heard, right);
    // §7.1.1: the server is the first to end the TCP connection.
    if (this.#role === 'client') wire.end();
    await this.#expectEnd(wire);
  }

  async #expectEnd(wire: Wire): Promise<void> {
    const heard = await this.#hear(wire, 'the end of the TCP connection');
    if (heard.kind !== 'end') throw wrong(heard, 'the end of the TCP connection');
  }

  async #hear(wire: Wire, right: string): Promise<Heard> {
    const heard = await wire.next();
    if (heard === undefined) {
      const rest = this.received.total === 0 ? 'nothing came' : 'nothing more came';
      throw new Wrong(`${rest} within ${this.#patienceMs / 1000} s, and ${right} is right`);
    }
    this.#note('tested', tellHeard(heard));
    if (heard.kind === 'broken') throw new Wrong(`breaks a rule itself: ${heard.rule}`);
    return heard;
  }

  #note(who: Happening['who'], what: string): void {
    const at = this.#began === 0 ? 0 : performance.now() - this.#began;
    if (this.course.length < KEPT) this.course.push({ at, who, what });
    else if (this.course.length === KEPT) this.course.push({ at, who, what: '…' });
  }
}

async function framesOf(wire: Wire, step: Extract<Step, { do: 'message' }>): Promise<Frame[]> {
  const compressed = wire.isCompressed && step.compressed !== false;
  const payload = compressed ? await wire.compress(step.payload) : step.payload;
  const size = step.fragment ?? Math.max(1, payload.length);
  const frames: Frame[] = [];
  for (let from = 0; from === 0 || from < payload.length; from += size) {
    // RFC 7692 §6: RSV1 on the first frame alone.
    const opcode = from > 0 ? OP.continuation : OP[step.kind] + (compressed ? 0x40 : 0);
    const fin = from + size >= payload.length ? 0x80 : 0;
    frames.push(frame(fin + opcode, payload.subarray(from, from + size)));
  }
  frames.push(...(step.behind ?? []));
  return frames;
}

function isSame(heard: Heard, expected: ExpectedOne): boolean {
  return heard.kind === expected.kind && Buffer.compare(heard.payload, expected.payload) === 0;
}

function wrong(heard: Heard, right: string): Wrong {
  return new Wrong(`${tellHeard(heard)}, and ${right} is right`);
}

/** The parameters of each extension in one order: theirs means nothing (RFC 7692 §7). */
function normalized(field: string | null): string | null {
  if (field === null) return null;
  const extensions = field.split(',').map((extension) => {
    const [name = '', ...parameters] = extension.split(';').map((part) => part.trim());
    return [name, ...parameters.sort()].join('; ');
  });
  return extensions.join(', ');
}
