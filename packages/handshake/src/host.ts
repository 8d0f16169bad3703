/*
 * uri-host [ ":" port ] of RFC 9110 §7.2, with the characters of RFC 3986 §3.2.2.
 * Stricter than RFC 3986 §3.2.2: no comma, because two Host fields joined by a proxy or a runtime would look like one name;
 * not empty, because a ws URI always has a host (§3).
 * Looser than RFC 3986 §3.2.2: an address may have a zone id, as Node and others write it from `ws://[fe80::1%eth0]`; the
 * percent sign stands as it is, or as RFC 6874 §2 has it.
 */
const AUTHORITY =
  /^(?:\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._~%-]+)?\]|[A-Za-z0-9._~!$&'()*+;=%-]+)(?::[0-9]{0,5})?$/;

/** Whether the text is a host with or without a port, as the `Host` field and `:authority` have it. */
export function isAuthority(text: string): boolean {
  return text.length <= 512 && AUTHORITY.test(text);
}

/** As {@link isAuthority}, for what this side writes: without a zone id, which means nothing elsewhere (RFC 6874 §1). */
export function isOwnAuthority(text: string): boolean {
  return isAuthority(text) && !(text.startsWith('[') && text.includes('%'));
}
