/** Whether an HTTP version as Node writes it, such as `1.1`, is 1.1 or higher (§4.1, §4.2.1). */
export function isHttp11(version: string): boolean {
  return version === '1.1' || /^(?:1\.[2-9]|[2-9]\.[0-9])$/.test(version);
}
