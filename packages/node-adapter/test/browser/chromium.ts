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

const EXECUTABLE = process.env.CHROMIUM || '/usr/bin/chromium';
/** No sandbox, because a container's root may not have one; no service of the browser that calls out. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Headless Chromium. Loaded rather than imported: playwright's own types unpack what travels, and lose unions. */
export function launch(): Promise<Browser> {
  const { chromium }: Playwright = createRequire(import.meta.url)('playwright-core');
  return chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
}
