import { parentPort } from 'node:worker_threads';
import { type Job, runJob } from './job.js';

// A thread of a campaign: takes jobs, one at a time, and answers each.
parentPort?.on('message', async (job: Job) => {
  const result = await runJob(job);
  parentPort?.postMessage(result);
});
