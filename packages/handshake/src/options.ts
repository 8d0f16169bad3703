/*
 * What a caller of ours may get wrong without a compiler that tells: checked before anything is made of it.
 */

/** What an option must be, in words, and whether a value is it. */
interface Rule {
  readonly words: string;
  readonly holds: (value: unknown) => boolean;
}

const TEXT: Rule = { words: 'a string', holds: (value) => typeof value === 'string' };
const FLAG: Rule = { words: 'a boolean', holds: (value) => typeof value === 'boolean' };
const FUNCTION: Rule = { words: 'a function', holds: (value) => typeof value === 'function' };
const OBJECT: Rule = { words: 'an object', holds: isObject };
const TEXTS: Rule = {
  words: 'an array of strings',
  holds: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
};
const CHOICE: Rule = {
  words: 'an array of strings or a function',
  holds: (value) => FUNCTION.holds(value) || TEXTS.holds(value),
};
const EXTENSIONS: Rule = {
  words: 'an array of extensions',
  holds: (value) => Array.isArray(value) && value.every(isExtension),
};

/** Options by name; one that stands in no table is not looked at. */
export type OptionRules = readonly (readonly [name: string, rule: Rule])[];

export const ACCEPT_OPTIONS: OptionRules = [
  ['subprotocols', CHOICE],
  ['extensions', EXTENSIONS],
  ['origin', FUNCTION],
  ['headers', OBJECT],
  ['sha1', FUNCTION],
];

export const REQUEST_OPTIONS: OptionRules = [
  ['subprotocols', TEXTS],
  ['subprotocolRequired', FLAG],
  ['extensions', EXTENSIONS],
  ['origin', TEXT],
  ['host', TEXT],
  ['headers', OBJECT],
];

export const ORIGIN_OPTIONS: OptionRules = [
  ['origins', TEXTS],
  ['sameOrigin', FLAG],
  ['missing', FLAG],
];

/**
 * Checks what our own caller gives as options.
 *
 * @throws TypeError when it is no object, or one of its options is of the wrong kind
 */
export function checkOptions(options: object, rules: OptionRules): void {
  if (!isObject(options)) throw new TypeError(`options must be an object, not ${kindOf(options)}`);
  for (const [name, { words, holds }] of rules) {
    const value: unknown = Reflect.get(options, name);
    if (value !== undefined && !holds(value)) {
      throw new TypeError(`option ${name} must be ${words}, not ${kindOf(value)}`);
    }
  }
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isExtension(value: unknown): boolean {
  return isObject(value) && 'name' in value && 'accept' in value && 'offer' in value && 'verify' in value;
}

/** What a value is, in words. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
