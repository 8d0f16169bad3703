/** `count` text messages of one digit each, as a server sends them. */
export function digits(count: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    { length: count * 3 },
    (_, at) => [0x81, 1, 0x30 + (Math.floor(at / 3) % 10)][at % 3] ?? 0,
  );
}

/** Their events. */
export function digitEvents(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `text ${index % 10}`);
}
