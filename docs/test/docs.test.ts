import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const FOLDER = new URL('../', import.meta.url);
const pages = readdirSync(FOLDER).filter((name) => name.endsWith('.md'));
const readme = new URL('../../README.md', import.meta.url);

interface Link {
  readonly text: string;
  readonly to: URL;
}

/** The links of a page to other files of the repository, and to places in them. */
function linksOf(page: URL): Link[] {
  const prose = readFileSync(page, 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '');
  return Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, text = '']) => text)
    .filter((text) => !/^https?:/.test(text))
    .map((text) => ({ text, to: new URL(text, page) }));
}

/** What the headings of a page are called in links, as GitHub makes it of their text. */
function placesOf(page: URL): string[] {
  const prose = readFileSync(page, 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '');
  return Array.from(prose.matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(pages)('the page %s', (name) => {
  it('is linked from the main README, and has a test', () => {
    expect(linksOf(readme).map(({ text }) => text)).toContain(`docs/${name}`);
    expect(existsSync(new URL(`test/${name.replace('.md', '.test.ts')}`, FOLDER))).toBe(true);
  });

  it('links to nothing that is not there', () => {
    for (const { text, to } of linksOf(new URL(name, FOLDER))) {
      const place = to.hash.slice(1);
      to.hash = '';
      expect(existsSync(to), text).toBe(true);
      if (place !== '') expect(placesOf(to), text).toContain(place);
    }
  });

  it('names what the packages export, and none of their files', () => {
    const text = readFileSync(new URL(name, FOLDER), 'utf8');
    expect(text).not.toMatch(/\bsrc\/|\.\.\/packages\/[\w-]+\/(?!README\.md)/);
  });
});
