import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Work } from '../measure.js';
import type { Start } from './program.js';

const PROGRAM = fileURLToPath(new URL('program.js', import.meta.url));
const PACKAGES = { adapter: '@x/node-adapter', 'ws without add-ons': 'ws' };
/** Native add-ons take `ws` as long again to load. */
const ENVIRONMENT = { ...process.env, WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' };
/** Processes in a round of each; the one that took least is the least disturbed. */
const PROCESSES = 3;

const run = promisify(execFile);

/** What a process pays that has just begun: most of them serve for hours, those of command lines and functions do not. */
export function startWorks(): Work[] {
  return [startWork('import', 'import'), startWork('first message after connection', 'message')];
}

function startWork(name: string, part: keyof Start): Work {
  return {
    group: 'start',
    name,
    unit: 'process',
    measured: 'ns',
    contestants: Object.keys(PACKAGES),
    leftOut: [],
    // What starting the processes of a round takes.
    warmUp: 600,
    round: async () => {
      const least = new Map<string, number>();
      for (let process = 0; process < PROCESSES; process++) {
        for (const [contestant, name] of Object.entries(PACKAGES)) {
          const { [part]: taken } = await begin(name);
          least.set(contestant, Math.min(taken, least.get(contestant) ?? Number.POSITIVE_INFINITY));
        }
      }
      return least;
    },
  };
}

async function begin(name: string): Promise<Start> {
  const { stdout } = await run(process.execPath, [PROGRAM, name], { env: ENVIRONMENT });
  const start: Start = JSON.parse(stdout);
  return start;
}
