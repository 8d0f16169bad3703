/** The longest message, in Unicode code points. */
export const MESSAGE_LIMIT = 50;

/**
 * The beginning of `text`, at most `limit` code points of it. A surrogate pair counts as one and is never split;
 * a lone surrogate counts as one too. Nothing past the limit is looked at, so a long text costs no more than a short one.
 */
export function clip(text: string, limit: number = MESSAGE_LIMIT): string {
  let end = 0;
  for (let count = 0; count < limit && end < text.length; count++) {
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}
