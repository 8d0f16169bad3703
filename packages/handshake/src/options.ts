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
/** What is checked where it is used, in its own words. */
const CHECKED_LATER: Rule = { words: 'anything', holds: () => true };
const EXTENSIONS: Rule = {
  words: 'an array of extensions',
  holds: (value) => Array.isArray(value) && value.every(isExtension),
};

/** All options that there are, by name. */
export type OptionRules = Readonly<Record<string, Rule>>;

/** Of a server; one object may be given to each of its steps. */
export const ACCEPT_OPTIONS: OptionRules = {
  subprotocols: CHOICE,
  extensions: EXTENSIONS,
  origin: FUNCTION,
  headers: OBJECT,
  sha1: FUNCTION,
  limits: CHECKED_LATER,
};

export const REQUEST_OPTIONS: OptionRules = {
  nonce: CHECKED_LATER,
  subprotocols: TEXTS,
  subprotocolRequired: FLAG,
  extensions: EXTENSIONS,
  origin: TEXT,
  host: TEXT,
  headers: OBJECT,
};

/** A `nonce` is of no use to it (RFC 8441 §5.1): one object may be given to both requests. */
export const CONNECT_OPTIONS: OptionRules = { ...REQUEST_OPTIONS, connectProtocol: CHECKED_LATER };

export const VERIFY_OPTIONS: OptionRules = { limits: CHECKED_LATER };

export const ORIGIN_OPTIONS: OptionRules = { origins: TEXTS, sameOrigin: FLAG, missing: FLAG };

export const DEFLATE_OPTIONS: OptionRules = {
  serverNoContextTakeover: FLAG,
  clientNoContextTakeover: FLAG,
  serverMaxWindowBits: CHECKED_LATER,
  clientMaxWindowBits: CHECKED_LATER,
  fallback: FLAG,
};

/**
 * Checks what our own caller gives as options.
 *
 * @throws TypeError when it is no object, when an option is of the wrong kind, or when there is none of that name:
 *   misspelt, it would leave the caller with a default, and a server open to every origin
 */
export function checkOptions(options: object, rules: OptionRules): void {
  if (!isObject(options)) throw new TypeError(`options must be an object, not ${kindOf(options)}`);
  for (const name in options) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) {
      throw new TypeError(`there is no option ${name}; there are ${Object.keys(rules).join(', ')}`);
    }
    const value: unknown = Reflect.get(options, name);
    if (value !== undefined && !rule.holds(value)) {
      throw new TypeError(`option ${name} must be ${rule.words}, not ${kindOf(value)}`);
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
