import { startChat } from './chat.js';
import { readSettings, SettingsError, UsageError } from './settings.js';

async function main(): Promise<void> {
  const [unknown] = process.argv.slice(2);
  if (unknown !== undefined) throw new UsageError(`there is no option ${unknown}`);
  const chat = await startChat(readSettings(process.env));
  console.log(`The chat is on ${chat.url} (Ctrl+C ends it)`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // To ask twice does no harm: the first has a time limit, and a shell may well send the same signal twice.
    process.on(signal, () => void chat.stop());
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  const isUsage = error instanceof UsageError;
  process.stderr.write(
    `${error.message}${isUsage ? ' (pnpm start --help tells what may be asked for)' : ''}\n`,
  );
  process.exitCode = isUsage ? 2 : 1;
}
