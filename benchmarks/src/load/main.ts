/** The load generator: a process of its own, which takes {@link Order}s over IPC and ends with who started it. */
import { answer } from './answer.js';
import { broadcast } from './broadcast.js';
import { connecting, idle } from './connections.js';
import { echo } from './echo.js';
import type { Run } from './run.js';
import type { Answer, Order } from './scenario.js';

let run: Run | undefined;
let failed: string | undefined;
let broken: (why: Error) => void = () => {};

function fail(why: string): void {
  failed ??= why;
  broken(new Error(failed));
}

async function start({ scenario, port, raw }: Order & { do: 'start' }): Promise<Run> {
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
  if (order.do === 'start') {
    failed = undefined;
    run = await start(order);
    return run.port === undefined ? {} : { port: run.port };
  }
  if (failed !== undefined && order.do !== 'stop') return { failed };
  if (order.do === 'grow') await run?.grow?.(order.connections);
  if (order.do === 'sample' && run !== undefined) return { sample: run.sample() };
  if (order.do === 'stop') run?.stop();
  return {};
}

process.on('message', (order: Order) => {
  // What fails while connections are opened would be waited for without end.
  const failing = new Promise<never>((_, reject) => {
    broken = reject;
  });
  Promise.race([obey(order), failing]).then(
    (answered) => process.send?.(answered),
    (error: unknown) => process.send?.({ failed: String(error instanceof Error ? error.message : error) }),
  );
});
process.on('disconnect', () => process.exit());
