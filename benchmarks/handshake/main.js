/**
 * The handshake beside npm ws: `node handshake/main.js [milliseconds a task]`. Ends with 1 when a promise is broken.
 */
import { DEFAULT_LIMITS } from '@x/handshake';
import { measureHostile, NO_LIMITS } from './hostile.js';
import { measureUpgrades } from './upgrade.js';

const time = Number(process.argv[2] ?? 500);
const broken = [];

console.log(`Handshake, Node ${process.versions.node}; nanoseconds a run, medians of ${time} ms\n`);
console.log('| job | @x/handshake | ws | times as fast |');
console.log('|---|--:|--:|--:|');
for (const { job, ours, theirs } of await measureUpgrades(time)) {
  const ratio = theirs === undefined ? undefined : theirs / ours;
  console.log(`| ${job} | ${ours.toFixed(0)} | ${theirs?.toFixed(0) ?? ''} | ${ratio?.toFixed(2) ?? ''} |`);
  // The promise: parse and accept a real browser's request at twice the rate of ws on the same headers, as node:http has them.
  if (ratio !== undefined && job.endsWith('node:http') && ratio < 2)
    broken.push(`${job}: ${ratio.toFixed(2)} times, not 2`);
}

/** Prints the slowest pattern of each place; what is promised holds for the limits that everybody has. */
function reportHostile(title, limits, isPromised) {
  console.log(`\nHostile patterns, ${title}; milliseconds, the slowest of all patterns in each place\n`);
  console.log('| place | pattern | 16 KiB | 64 KiB | ratio |');
  console.log('|---|---|--:|--:|--:|');
  for (const { target, pattern, small, large } of measureHostile(30, limits)) {
    const ratio = large / small;
    const cells = [
      target,
      `\`${JSON.stringify(pattern)}\``,
      small.toFixed(3),
      large.toFixed(3),
      ratio.toFixed(1),
    ];
    console.log(`| ${cells.join(' | ')} |`);
    // The promise: 64 KiB in under 5 ms, and at most 5 times as long as 16 KiB.
    if (large >= 5) broken.push(`${title}, ${target}: ${large.toFixed(2)} ms, not under 5`);
    if (isPromised && ratio > 5) broken.push(`${title}, ${target}: ${ratio.toFixed(1)} times as long, not 5`);
  }
}

reportHostile('default limits', DEFAULT_LIMITS, true);
reportHostile('no limits', NO_LIMITS, false);

if (broken.length > 0) {
  console.log(`\nPromises broken:\n- ${broken.join('\n- ')}`);
  process.exitCode = 1;
}
