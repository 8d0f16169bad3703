/*
 * uri-host [ ":" port ] of RFC 9110 §7.2, with the characters of RFC 3986 §3.2.2.
 * Stricter than RFC 3986 §3.2.2: no comma, because two Host fields joined by a proxy or a runtime would look like one name;
 * not empty, because a ws URI always has a host (§3).
 */
const AUTHORITY = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+;=%-]+)(?::[0-9]{0,5})?$/;

/** Whether the text is a host with or without a port, as the `Host` field and `:authority` have it. */
export function isAuthority(text: string): boolean {
  return text.length <= 512 && AUTHORITY.test(text);
}
