import { parentPort, workerData } from 'node:worker_threads';
import { TABLE } from './families/index.js';
import type { Job, Told } from './job.js';
import { runTable } from './run-table.js';
import { adapter } from './subject.js';

const { role, kernel, ids }: Job = workerData;
const wanted = new Set(ids);
const tell = (told: Told): void => parentPort?.postMessage(told);

const over = await runTable(
  TABLE.filter(({ id }) => wanted.has(id)),
  role,
  adapter(kernel),
  (result) => tell({ result }),
);
tell({ over });
