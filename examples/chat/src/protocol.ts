/**
 * The subprotocol of the page (§1.9): what the server sends is JSON, a {@link Told}. A client without it is sent the bare
 * text of each message. Both send bare text.
 */
export const PROTOCOL = 'fifty.v1';

/** As many colours as the style sheet has for people. */
export const COLOURS = 8;

/** Whom the others see. */
export interface Person {
  /** nobody else in the room has it */
  readonly name: string;
  /** from 0 to {@link COLOURS} - 1 */
  readonly colour: number;
}

/** What the server tells a page. */
export type Told =
  /** first of all, who it is itself */
  | { readonly you: Person }
  /** somebody, maybe itself, has said something */
  | { readonly from: Person; readonly text: string };

/** Reads what a server has sent; `undefined` when it is something else. */
export function readTold(json: string): Told | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if ('you' in value && isPerson(value.you)) return { you: value.you };
  if (!('from' in value && 'text' in value)) return undefined;
  const { from, text } = value;
  return isPerson(from) && typeof text === 'string' ? { from, text } : undefined;
}

function isPerson(value: unknown): value is Person {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    'colour' in value &&
    typeof value.name === 'string' &&
    typeof value.colour === 'number'
  );
}
