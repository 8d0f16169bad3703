/** The load generator: a process of its own, which takes {@link Order}s over IPC and ends with who started it. */
import { answer } from './answer.js';
import { broadcast } from './broadcast.js';
import { connecting, idle } from './connections.js';
import { echo } from './echo.js';
import type { Run } from './run.js';
import type { Answer, Answered, Asked, Order } from './scenario.js';

/** What goes wrong in one run; the next one knows nothing of it. */
class Watch {
  failed: string | undefined;
  #reject: (why: Error) => void = () => {};
  /** Never fulfilled; rejected when something fails. */
  readonly failing: Promise<never> = new Promise((_, reject) => {
    this.#reject = reject;
  });

  constructor() {
    // Somebody listens only while something is asked.
    this.failing.catch(() => {});
  }

  readonly fail = (why: string): void => {
    this.failed ??= why;
    this.#reject(new Error(this.failed));
  };
}

let watch = new Watch();
let run: Run | undefined;

async function start({ scenario, port, raw }: Order & { do: 'start' }, { fail }: Watch): Promise<Run> {
  switch (scenario.kind) {
    case 'echo':
      return echo(scenario, port, raw, fail);
    case 'broadcast':
      return broadcast(scenario, port, raw, fail);
    case 'idle':
      return idle(scenario, port, raw, fail);
    case 'connect':
      return connecting(scenario, port, raw, fail);
    case 'answer':
      return answer(scenario, fail);
  }
}

async function obey(order: Order): Promise<Answer> {
  switch (order.do) {
    case 'start':
      run = await start(order, watch);
      return run.port === undefined ? {} : { port: run.port };
    case 'grow':
      await run?.grow?.(order.connections);
      return {};
    case 'sample':
      if (watch.failed !== undefined) return { failed: watch.failed };
      return run === undefined ? {} : { sample: run.sample() };
    case 'stop':
      run?.stop();
      run = undefined;
      return {};
  }
}

process.on('message', ({ id, order }: Asked) => {
  if (order.do === 'start') watch = new Watch();
  // What fails while connections are opened would be waited for without end.
  const answered = order.do === 'stop' ? obey(order) : Promise.race([obey(order), watch.failing]);
  const reply = (answer: Answer): unknown => process.send?.({ id, answer } satisfies Answered);
  answered.then(reply, (error: unknown) =>
    reply({ failed: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit());
