/** The longest message, in characters. */
export const MESSAGE_LIMIT = 50;

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * The characters of `text`, as its reader sees them: grapheme clusters (UAX #29). A letter with its accents is one, and so
 * is an emoji that is made of several. A lone surrogate is U+FFFD, as which a `WebSocket` sends it: UTF-8 has no bytes for it.
 */
function* charactersOf(text: string): Generator<string> {
  const wellFormed = text.replace(/\p{Surrogate}/gu, '\uFFFD');
  for (const { segment } of segmenter.segment(wellFormed)) yield segment;
}

/** The beginning of `text`, at most `limit` characters of it, none of them cut. */
export function clip(text: string, limit: number = MESSAGE_LIMIT): string {
  let beginning = '';
  let count = 0;
  for (const character of charactersOf(text)) {
    if (count === limit) break;
    beginning += character;
    count++;
  }
  return beginning;
}

/** How many characters `text` has. */
export function lengthOf(text: string): number {
  let count = 0;
  for (const _ of charactersOf(text)) count++;
  return count;
}
