// Runs a command of package.json, `node commands/main.js NAME ARGUMENT...`: its help at once, anything else when what it
// needs is built.
import { execSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMANDS } from './commands.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const [name = '', ...given] = process.argv.slice(2);
// pnpm hands on the -- that separates its own options.
const args = given.filter((arg) => arg !== '--');
const command = COMMANDS[name];
if (command === undefined) {
  console.error(`there is no command ${name}; there are ${Object.keys(COMMANDS).join(', ')}`);
  process.exitCode = 2;
} else if (args.includes('--help') || args.includes('-h')) {
  console.log(command.usage);
} else {
  build(command.projects ?? '');
  const file = join(ROOT, command.main);
  process.argv = [process.execPath, file, ...args];
  await import(new URL(`../${command.main}`, import.meta.url).href);
}

/** Ends the process with 1 where that fails; the compiler has said why. */
function build(projects) {
  const bin = join(ROOT, 'node_modules', '.bin');
  try {
    execSync(`node assembly/build.js && node scripts/bundle.js && tsc -b ${projects}`, {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
    });
  } catch {
    process.exit(1);
  }
}
