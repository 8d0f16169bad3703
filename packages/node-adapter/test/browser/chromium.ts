import { createRequire } from 'node:module';

/** What these tests need of a page. */
export interface Page {
  goto(url: string): Promise<unknown>;
  close(): Promise<void>;
  /** Runs a function in the page; what it takes and gives travels as JSON. */
  evaluate<Result, Argument>(
    run: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result>;
}

export interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

interface Playwright {
  chromium: { launch(options: { executablePath: string; args: readonly string[] }): Promise<Browser> };
}

/** Set for all browser tests in vitest.config.ts. */
const { CHROMIUM = '', CHROMIUM_FLAGS = '' } = process.env;

/** Headless Chromium. Loaded rather than imported: playwright's own types unpack what travels, and lose unions. */
export function launch(): Promise<Browser> {
  const { chromium }: Playwright = createRequire(import.meta.url)('playwright-core');
  return chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS.split(' ') });
}
