import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Chat, DEFAULT_LIMITS, startChat } from '../../src/chat.js';
import { COLOURS } from '../../src/protocol.js';

/** Set for all browser tests in vitest.config.ts. */
const { CHROMIUM = '', CHROMIUM_FLAGS = '' } = process.env;

let browser: Browser;
let context: BrowserContext;
let chat: Chat;

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS.split(' ') });
});
afterAll(() => browser?.close());
beforeEach(async () => {
  chat = await startChat({ host: '127.0.0.1', port: 0 });
  context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
});
afterEach(async () => {
  await context.close();
  await chat.stop();
});

async function join(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(chat.url);
  await stateIs(page, 'OPEN');
  return page;
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

function stateIs(page: Page, state: string, timeout = 10_000): Promise<void> {
  return expect.poll(() => page.locator('#state').textContent(), { timeout }).toBe(state);
}

function messagesAre(page: Page, messages: readonly string[]): Promise<void> {
  return expect.poll(() => page.locator('#log li:not(.note) p').allTextContents()).toEqual(messages);
}

/** What the page was told that it is called. */
async function nameOf(page: Page): Promise<string | undefined> {
  const note = page.locator('#log .note p', { hasText: 'Connected as' }).last();
  return (await note.textContent())?.replace('Connected as ', '');
}

function notes(page: Page): Promise<string[]> {
  return page.locator('#log .note p').allTextContents();
}

describe('two pages', () => {
  it('chat with each other under names of their own, and each tells its messages from the other’s', async () => {
    const [ann, ben] = [await join(), await join()];
    await say(ann, 'Hello, Ben');
    await messagesAre(ben, ['Hello, Ben']);
    await say(ben, 'Hello, Ann');
    for (const page of [ann, ben]) await messagesAre(page, ['Hello, Ben', 'Hello, Ann']);
    expect(await ann.locator('#log .mine p').allTextContents()).toEqual(['Hello, Ben']);
    expect(await ann.locator('#log .theirs p').allTextContents()).toEqual(['Hello, Ann']);
    expect(await ben.locator('#log .mine p').allTextContents()).toEqual(['Hello, Ann']);
    const [annsName, bensName] = [await nameOf(ann), await nameOf(ben)];
    expect(annsName).not.toBe(bensName);
    expect(await ben.locator('#log .theirs .who').allTextContents()).toEqual([annsName]);
    expect(await ann.locator('#log .theirs .who').allTextContents()).toEqual([bensName]);
    expect(await ann.locator('#log .mine .who').allTextContents()).toEqual([`${annsName} (you)`]);
    const colour = (of: string) =>
      ann.locator(`#log ${of} .who`).evaluate((element) => getComputedStyle(element).color);
    expect(await colour('.mine')).not.toBe(await colour('.theirs'));
  });

  it('know whose a message is whatever is in it: the same words, a lone surrogate, more than is sent', async () => {
    const [ann, ben] = [await join(), await join()];
    const texts = ['same', 'x\uD83Dy', `${'x'.repeat(49)}👩‍👩‍👧👩‍👩‍👧`];
    const sent = ['same', 'x\uFFFDy', `${'x'.repeat(49)}👩‍👩‍👧`];
    for (const text of texts) {
      await say(ben, 'same');
      await say(ann, text);
    }
    for (const [page, mine, theirs] of [
      [ann, sent, ['same', 'same', 'same']],
      [ben, ['same', 'same', 'same'], sent],
    ] as const) {
      await expect.poll(() => page.locator('#log .mine p').allTextContents()).toEqual(mine);
      await expect.poll(() => page.locator('#log .theirs p').allTextContents()).toEqual(theirs);
    }
  });

  it('are cut off by the server one at a time: that page shows 1006 and comes back, the other stays (§7.2.3)', async () => {
    const ann = await join();
    const [first] = chat.clients;
    const ben = await join();
    first?.terminate();
    await expect.poll(() => ann.locator('#close-code').textContent()).toBe('1006');
    expect(await ann.locator('#close-reason').textContent()).toBe('connection lost');
    await stateIs(ann, 'OPEN');
    await expect.poll(() => notes(ann)).toHaveLength(3);
    const name = await nameOf(ann);
    expect(await notes(ann)).toEqual([
      `Connected as ${name}`,
      'Closed with 1006, connection lost',
      `Connected as ${name}`,
    ]);
    expect(await notes(ben)).toEqual([`Connected as ${await nameOf(ben)}`]);
    await say(ann, 'I am back');
    for (const page of [ann, ben]) await messagesAre(page, ['I am back']);
  });

  it('show 1001 and its reason when the server restarts, count down, and find each other again', async () => {
    const [ann, ben] = [await join(), await join()];
    await ann.getByLabel('Message', { exact: true }).fill('half a sen');
    await chat.stop();
    for (const page of [ann, ben]) {
      await stateIs(page, 'CLOSED');
      expect(await notes(page)).toContain('Closed with 1001, going away: server is going away');
    }
    await expect
      .poll(() => ann.locator('#lost').textContent())
      .toMatch(/The connection is lost\. *Next try in \d+ s/);
    expect(await ann.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true);
    chat = await startChat({ host: '127.0.0.1', port: chat.port });
    for (const page of [ann, ben]) await stateIs(page, 'OPEN', 20_000);
    expect(await ann.locator('#lost').isVisible()).toBe(false);
    expect(await ann.getByLabel('Message', { exact: true }).inputValue()).toBe('half a sen');
    await say(ben, 'There you are');
    await messagesAre(ann, ['There you are']);
  });
});

describe('a page', () => {
  it('shows a message that holds HTML as text', async () => {
    const [ann, ben] = [await join(), await join()];
    let alerts = 0;
    for (const page of [ann, ben]) page.on('dialog', () => alerts++);
    const html = '<img src=x onerror=alert(1)><b>bold</b> &amp;';
    await say(ann, html);
    for (const page of [ann, ben]) {
      await messagesAre(page, [html]);
      expect(await page.locator('#log li p *').count()).toBe(0);
    }
    expect(alerts).toBe(0);
  });

  it('keeps to its own security policy: nothing is refused, and a string never becomes HTML', async () => {
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(chat.url);
    await stateIs(page, 'OPEN');
    await say(page, 'x'.repeat(60));
    await messagesAre(page, ['x'.repeat(50)]);
    expect(complaints).toEqual([]);
    const refused = await page.evaluate(() => {
      try {
        document.body.innerHTML = '<p>';
        return false;
      } catch (error) {
        return error instanceof TypeError;
      }
    });
    expect(refused).toBe(true);
  });

  it('counts characters as its reader sees them, and says how much of a message that is too long will be sent', async () => {
    const page = await join();
    const input = page.getByLabel('Message', { exact: true });
    await input.fill('👩‍👩‍👧'.repeat(50));
    expect(await page.locator('#count').textContent()).toBe('50 of 50 characters');
    await input.fill(`${'👩‍👩‍👧'.repeat(49)}e\u0301yz`);
    expect(await page.locator('#count').textContent()).toBe(
      'Only the first 50 characters will be sent (52 written)',
    );
    await page.getByRole('button', { name: 'Send' }).click();
    await messagesAre(page, [`${'👩‍👩‍👧'.repeat(49)}e\u0301`]);
    expect(await page.locator('#log .mine').count()).toBe(1);
  });

  it('shows bufferedAmount while it sends and 0 once nothing waits', async () => {
    const page = await join();
    await page.evaluate(() => {
      const output = document.getElementById('buffered');
      const seen: string[] = [];
      if (output)
        new MutationObserver(() => seen.push(output.textContent)).observe(output, { childList: true });
      Object.assign(window, { seen });
    });
    // 5 characters of 3 bytes each: bufferedAmount counts bytes of UTF-8.
    await say(page, '漢漢漢漢漢');
    await expect.poll(() => page.locator('#buffered').textContent()).toBe('0 B');
    const seen = await page.evaluate((): string[] => Object.getOwnPropertyDescriptor(window, 'seen')?.value);
    expect([seen[0], seen.at(-1)]).toEqual(['15 B', '0 B']);
    expect(await page.locator('#buffered-peak').textContent()).toBe('Last send: 15 B, nothing waits');
  });

  it('closes with 1000 when its person leaves, stays away, and joins again when told', async () => {
    const page = await join();
    await page.getByRole('button', { name: 'Leave' }).click();
    await stateIs(page, 'CLOSED');
    expect(await page.locator('#close-code').textContent()).toBe('1000');
    expect(await page.locator('#close-reason').textContent()).toBe('normal closure: left the chat');
    await expect.poll(() => chat.clients.size).toBe(0);
    // Longer than the longest first wait.
    await page.waitForTimeout(1200);
    expect(await page.locator('#state').textContent()).toBe('CLOSED');
    await page.getByRole('button', { name: 'Join' }).click();
    await stateIs(page, 'OPEN');
  });

  it('waits longer after each failed attempt, and not at all when told to try now (§7.2.3)', async () => {
    const page = await join();
    await chat.stop();
    const attempts: number[] = [];
    const breaker = createServer((socket) => {
      attempts.push(Date.now());
      socket.destroy();
    });
    breaker.listen(chat.port, '127.0.0.1');
    await once(breaker, 'listening');
    await expect.poll(() => attempts.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(3);
    const [first = 0, second = 0, third = 0] = attempts;
    // The second wait is 1 to 2 s long, the third 2 to 4 s.
    expect(second - first).toBeGreaterThan(900);
    expect(third - second).toBeGreaterThan(1900);
    // Those attempts had no connection that could be closed: what is told of the last one stays.
    expect(await page.locator('#close-code').textContent()).toBe('1001');
    expect(await page.locator('#close-reason').textContent()).toBe('going away: server is going away');
    expect((await notes(page)).filter((note) => note.startsWith('Closed'))).toHaveLength(1);
    breaker.close();
    chat = await startChat({ host: '127.0.0.1', port: chat.port });
    const start = Date.now();
    await page.getByRole('button', { name: 'Try now' }).click();
    await stateIs(page, 'OPEN');
    // The fourth wait would have been 4 s at least.
    expect(Date.now() - start).toBeLessThan(3500);
  }, 30_000);

  it('that is refused says so, and tells of no close of a connection that it never had', async () => {
    await chat.stop();
    chat = await startChat({ host: '127.0.0.1', port: 0 }, { ...DEFAULT_LIMITS, maxClients: 1 });
    await join();
    const page = await context.newPage();
    await page.goto(chat.url);
    await expect.poll(() => page.locator('#lost-title').textContent()).toBe('The server does not answer.');
    expect(await page.locator('#close-code').textContent()).toBe('none');
    expect(await notes(page)).toEqual([]);
  });

  it('gives up an attempt that hangs, and tries again', async () => {
    const page = await context.newPage();
    await page.clock.install();
    await page.goto(chat.url);
    await stateIs(page, 'OPEN');
    await chat.stop();
    const silent = createServer(() => {}).listen(chat.port, '127.0.0.1');
    await once(silent, 'listening');
    await stateIs(page, 'CLOSED');
    await page.clock.runFor(1000);
    await stateIs(page, 'CONNECTING');
    await page.clock.runFor(7000);
    expect(await page.locator('#state').textContent()).toBe('CONNECTING');
    for (let step = 0; step < 20 && (await page.locator('#state').textContent()) !== 'CLOSED'; step++) {
      await page.clock.runFor(250);
    }
    expect(await page.locator('#lost').textContent()).toMatch(/Next try in [12] s/);
    silent.close();
  });

  it('keeps the end of the log in sight until its reader scrolls back, and leads there again', async () => {
    const [ann, ben] = [await join(), await join()];
    const log = ann.locator('#scroll');
    const fromEnd = () => log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
    for (let count = 0; count < 20; count++) await say(ben, `line ${count}`);
    await expect.poll(() => ann.locator('#log .theirs').count()).toBe(20);
    expect(await fromEnd()).toBeLessThan(2);
    await log.evaluate((box) => box.scrollTo(0, 0));
    await expect.poll(() => log.evaluate((box) => box.scrollTop)).toBe(0);
    expect(await ann.getByRole('button', { name: 'New messages' }).isVisible()).toBe(false);
    await say(ben, 'the newest');
    await ann.getByRole('button', { name: 'New messages' }).click();
    expect(await fromEnd()).toBeLessThan(2);
    await ann.getByRole('button', { name: 'Leave' }).click();
    await stateIs(ann, 'CLOSED');
    expect(await fromEnd()).toBeLessThan(2);
    expect(await ann.getByRole('button', { name: 'New messages' }).isVisible()).toBe(false);
  });

  it('can be used with the keyboard alone', async () => {
    const page = await join();
    const reached: string[] = [];
    for (let count = 0; count < 6; count++) {
      await page.keyboard.press('Tab');
      reached.push(
        await page.evaluate(() => document.activeElement?.id || document.activeElement?.tagName || ''),
      );
    }
    expect(reached).toEqual(expect.arrayContaining(['toggle', 'scroll', 'A', 'text', 'send']));
    await page.getByLabel('Message', { exact: true }).focus();
    await page.keyboard.type('typed');
    await page.keyboard.press('Enter');
    await messagesAre(page, ['typed']);
  });

  it.each([
    [360, 'light'],
    [360, 'dark'],
    [1280, 'light'],
    [1280, 'dark'],
  ] as const)(
    'fits a screen of %i pixels, %s, with all of it in sight and in good contrast',
    async (width, colorScheme) => {
      const page = await join();
      await page.setViewportSize({ width, height: 740 });
      await page.emulateMedia({ colorScheme });
      for (let count = 0; count < 12; count++) await say(page, `https://example.org/${'w'.repeat(40)}`);
      await expect.poll(() => page.locator('#log .mine').count()).toBe(12);
      const size = await page.evaluate(() => ({
        width: document.documentElement.scrollWidth,
        height: document.documentElement.scrollHeight,
      }));
      expect(size).toEqual({ width, height: 740 });
      // Away from the button, which has a colour of its own under the pointer.
      await page.mouse.move(0, 0);
      for (const id of ['send', 'text', 'toggle']) {
        const box = await page.locator(`#${id}`).boundingBox();
        expect(box?.height, id).toBeGreaterThanOrEqual(44);
        expect((box?.x ?? 0) + (box?.width ?? 0), id).toBeLessThanOrEqual(width);
        expect((box?.y ?? 0) + (box?.height ?? 0), id).toBeLessThanOrEqual(740);
      }
      for (const selector of [
        '#send',
        '#toggle',
        '.mine p',
        '.mine time',
        '#count',
        'h1',
        '.title p',
        '.wire h2',
        '#close-code',
      ]) {
        expect(await page.evaluate(contrast, selector), selector).toBeGreaterThanOrEqual(4.5);
      }
      for (let colour = 0; colour < COLOURS; colour++) {
        await page.evaluate((given) => {
          const name = document.querySelector<HTMLElement>('.who');
          if (name !== null) name.dataset.colour = String(given);
        }, colour);
        expect(await page.evaluate(contrast, '.who'), `colour ${colour}`).toBeGreaterThanOrEqual(4.5);
      }
    },
  );
});

/** The contrast of the first element that `selector` finds against what is painted behind it (WCAG 2.2 §1.4.3). */
function contrast(selector: string): number {
  const parse = (color: string) => {
    if (!color.startsWith('rgb')) throw new Error(`cannot read the colour ${color}`);
    return (color.match(/[\d.]+/g) ?? []).map(Number);
  };
  const luminance = ([red = 0, green = 0, blue = 0]: number[]) => {
    const [r = 0, g = 0, b = 0] = [red, green, blue].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const element = document.querySelector(selector);
  if (element === null) throw new Error(`nothing is ${selector}`);
  const ink = luminance(parse(getComputedStyle(element).color));
  for (let behind: Element | null = element; behind !== null; behind = behind.parentElement) {
    const color = parse(getComputedStyle(behind).backgroundColor);
    if (color.length === 3) {
      const ground = luminance(color);
      return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    }
  }
  throw new Error(`nothing is painted behind ${selector}`);
}
