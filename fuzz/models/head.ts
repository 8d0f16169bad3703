/** What a head comes to: itself, the rule that its first faulty line breaks, or nothing while bytes are missing. */
export type ModelHead =
  | { readonly start: readonly string[]; readonly fields: readonly string[]; readonly length: number }
  | { readonly violation: string }
  | undefined;

/** RFC 9112 §2–§5, line by line, each with a pattern. */
export function readHead(
  bytes: Uint8Array,
  kind: 'request' | 'response',
  maxLength: number,
  maxFields: number,
): ModelHead {
  const text = Buffer.from(bytes).toString('latin1');
  const fields: string[] = [];
  let start: string[] | undefined;
  for (let from = 0; ; ) {
    const lf = text.indexOf('\n', from);
    const end = lf < 0 ? text.length : lf + 1;
    if (end > maxLength) return { violation: 'head-too-long' };
    if (lf < 0) return undefined;
    if (text[lf - 1] !== '\r' || lf === from) return { violation: 'head-bare-lf' };
    const line = text.slice(from, lf - 1);
    from = end;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    const bad = /[\x00-\x08\x0a-\x1f\x7f]/.exec(line)?.[0];
    if (bad !== undefined) return { violation: bad === '\r' ? 'head-bare-cr' : 'head-control-character' };
    if (start === undefined) {
      start = startOf(line, kind);
      if (start === undefined) return { violation: kind === 'request' ? 'request-line' : 'status-line' };
    } else if (line === '') {
      return { start, fields, length: end };
    } else if (fields.length === 2 * maxFields) {
      return { violation: 'head-too-many-fields' };
    } else {
      const [, name, value] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/s.exec(line) ?? [];
      if (name === undefined || value === undefined) return { violation: nameFault(line) };
      fields.push(name, value);
    }
  }
}

function startOf(line: string, kind: 'request' | 'response'): string[] | undefined {
  const match =
    kind === 'request'
      ? /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([!-~]+) HTTP\/(\d\.\d)$/.exec(line)
      : /^HTTP\/(\d\.\d) ([1-9]\d\d)(?: (.*))?$/s.exec(line);
  return match === null ? undefined : match.slice(1).map((part) => part ?? '');
}

function nameFault(line: string): string {
  if (/^[ \t]/.test(line)) return 'head-line-folded';
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+[ \t]+:/.test(line) ? 'head-space-before-colon' : 'head-field-name';
}
