/** The one web global in use, declared as narrowly as it is used: the package is compiled without Node and without the DOM. */

interface ParsedUrl {
  readonly href: string;
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
}

declare const URL: new (url: string, base?: string) => ParsedUrl;

/** The URL by the WHATWG rules, or `undefined` where they fail. */
export function parseUrl(text: string, base?: string): ParsedUrl | undefined {
  try {
    return base === undefined ? new URL(text) : new URL(text, base);
  } catch {
    return undefined;
  }
}
