import { type Case, isFor, type Opening, type Role, type SubjectOptions } from './case.js';
import { type Opened, openAsClient, TesterServer } from './opening.js';
import { type CaseResult, runCase } from './run-case.js';
import type { EchoServer, Subject } from './subject.js';
import { PATIENCE_MS } from './wire.js';

/** Cases that run at once. */
const AT_ONCE = 12;

/**
 * Runs those cases that are for a role against a subject in that role; the timed ones behind all others, one by one.
 *
 * @param patienceMs how long something that must come may take, and connections to be gone in the end
 * @returns what was left behind by the subject in the end, if anything
 */
export async function runTable(
  cases: readonly Case[],
  role: Role,
  subject: Subject,
  onResult: (result: CaseResult) => void,
  patienceMs: number = PATIENCE_MS,
): Promise<string | undefined> {
  const bench = role === 'server' ? new ServerBench(subject) : await ClientBench.start(subject);
  const mine = cases.filter((each) => isFor(each, role));
  const queue = mine.filter(({ timed }) => timed !== true);
  const runNext = async (): Promise<void> => {
    for (let each = queue.shift(); each !== undefined; each = queue.shift()) await runOne(each);
  };
  const runOne = async (each: Case): Promise<void> =>
    onResult(
      await runCase(each, role, (opening) => bench.open(opening, optionsOf(each, opening)), patienceMs),
    );
  await Promise.all(Array.from({ length: AT_ONCE }, runNext));
  for (const each of mine) if (each.timed === true) await runOne(each);
  return bench.close(patienceMs);
}

function optionsOf({ maxPayload }: Case, opening: Opening | undefined): SubjectOptions {
  return {
    perMessageDeflate: false,
    ...opening?.options,
    ...(maxPayload === undefined ? {} : { maxPayload }),
  };
}

/** The subject as a server: one for each set of options. */
class ServerBench {
  readonly #subject: Subject;
  readonly #servers = new Map<string, Promise<EchoServer>>();

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  async open(opening: Opening | undefined, options: SubjectOptions): Promise<Opened> {
    const key = JSON.stringify(options);
    const server = this.#servers.get(key) ?? this.#subject.listen(options);
    this.#servers.set(key, server);
    return openAsClient((await server).port, opening);
  }

  async close(patienceMs: number): Promise<string | undefined> {
    const servers = await Promise.all(this.#servers.values());
    return isOver(
      servers.map((server) => server.close()),
      patienceMs,
      'connections of the server are left',
    );
  }
}

/** The subject as a client. */
class ClientBench {
  readonly #subject: Subject;
  readonly #tester: TesterServer;
  readonly #clients: Promise<void>[] = [];

  private constructor(subject: Subject, tester: TesterServer) {
    this.#subject = subject;
    this.#tester = tester;
  }

  static async start(subject: Subject): Promise<ClientBench> {
    return new ClientBench(subject, await TesterServer.listen());
  }

  open(opening: Opening | undefined, options: SubjectOptions): Promise<Opened> {
    return this.#tester.open(opening, (url) => this.#clients.push(this.#subject.connect(url, options)));
  }

  close(patienceMs: number): Promise<string | undefined> {
    this.#tester.close();
    return isOver(this.#clients, patienceMs, 'connections of clients are left');
  }
}

async function isOver(
  all: readonly Promise<void>[],
  patienceMs: number,
  otherwise: string,
): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, patienceMs, otherwise);
  });
  const over = Promise.all(all).then(() => undefined);
  try {
    return await Promise.race([over, late]);
  } finally {
    clearTimeout(timer);
  }
}
